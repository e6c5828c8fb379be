import { Inject, Injectable } from '@nestjs/common';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ENVIRONMENT, type EnvironmentVariables } from '../../platform/config/configuration.js';
import { McpClientConfig } from './mcp-client.config.js';
import { SERVER_NAME, SERVER_NAME_HINT } from './server-name.js';

/** A server that the operator lets this server start. Nothing of it can be chosen by anybody else. */
export interface DeclaredServer {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the process. */
  readonly environment: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** The servers of MCP_SERVERS_FILE, as read at start. */
@Injectable()
export class ServerFile {
  private readonly entries: readonly Entry[];

  /** @throws Error when the file is not what it should be: the process does not start */
  constructor(
    { serversFile }: McpClientConfig,
    @Inject(ENVIRONMENT) private readonly environment: EnvironmentVariables,
  ) {
    this.entries = serversFile === undefined ? [] : entriesOf(serversFile);
  }

  /** Those that a workspace may use. */
  of(workspaceId: string): readonly DeclaredServer[] {
    return this.entries.filter((entry) => isFor(entry, workspaceId)).map((entry) => this.declared(entry));
  }

  find(workspaceId: string, name: string): DeclaredServer | undefined {
    return this.of(workspaceId).find((server) => server.name === name);
  }

  private declared({ name, command, args, env, cwd }: Entry): DeclaredServer {
    const named = env.flatMap((variable) => {
      const value = Object.hasOwn(this.environment, variable) ? this.environment[variable] : undefined;
      return value === undefined ? [] : [[variable, value] as const];
    });
    return { name, command, args, environment: Object.fromEntries(named), cwd };
  }
}

const absolute = z.string().startsWith('/', 'must be an absolute path');

const entry = z.strictObject({
  name: z.string().regex(SERVER_NAME, SERVER_NAME_HINT),
  command: absolute,
  args: z.array(z.string().max(4_096)).max(64).default([]),
  /** Names of variables that are handed on; the environment is empty otherwise. */
  env: z
    .array(z.string().regex(/^[A-Za-z_]\w{0,127}$/, 'must be the name of a variable'))
    .max(64)
    .default([]),
  cwd: absolute.default('/'),
  workspaces: z.union([z.literal('all'), z.array(z.uuid()).max(1_000)]),
});
type Entry = z.output<typeof entry>;

const file = z.strictObject({ servers: z.array(entry).max(100) });

const isFor = ({ workspaces }: Entry, workspaceId: string): boolean =>
  workspaces === 'all' || workspaces.includes(workspaceId);

function entriesOf(path: string): readonly Entry[] {
  const parsed = file.safeParse(contentOf(path));
  if (!parsed.success) throw new Error(`MCP_SERVERS_FILE (${path}) is not right: ${z.prettifyError(parsed.error)}`);
  const { servers } = parsed.data;
  if (new Set(servers.map(({ name }) => name)).size !== servers.length)
    throw new Error(`MCP_SERVERS_FILE (${path}) gives one name to two servers.`);
  return servers;
}

function contentOf(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`MCP_SERVERS_FILE (${path}) cannot be read: ${String(error)}`, { cause: error });
  }
}
