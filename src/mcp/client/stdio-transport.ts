import type { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { DeclaredServer } from './server-file.js';

/** A process of the operator's file, with the environment the file names and nothing else. */
export async function stdioTransport(server: DeclaredServer, maxMessageBytes: number): Promise<StdioClientTransport> {
  const { DEFAULT_INHERITED_ENV_VARS, StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');
  // The SDK hands some variables on by itself; one that is undefined is not handed on.
  const inherited = Object.fromEntries(DEFAULT_INHERITED_ENV_VARS.map((name) => [name, undefined]));
  return new StdioClientTransport({
    command: server.command,
    args: [...server.args],
    env: { ...inherited, ...server.environment } as Record<string, string>,
    cwd: server.cwd,
    stderr: 'ignore',
    maxBufferSize: maxMessageBytes,
  });
}
