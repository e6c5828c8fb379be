import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url),
);

export interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  readonly errorMessage?: string;
}

/** Runs every server scenario of the suite against an MCP server and reads their checks, whatever came of them. */
export async function conformanceOf(url: string): Promise<ReadonlyMap<string, readonly Check[]>> {
  const directory = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    await run(['server', '--url', url, '--suite', 'all', '--output-dir', directory]);
    const files = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('checks.json'));
    const read = files.map(async (file): Promise<[string, readonly Check[]]> => {
      const checks = JSON.parse(await readFile(join(directory, file), 'utf8')) as readonly Check[];
      return [scenarioOf(file), checks];
    });
    return new Map(await Promise.all(read));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A scenario's folder is named after it and the time: `server-<scenario>-2026-01-31T12-00-00-000Z`. */
const scenarioOf = (file: string): string =>
  /^server-(.+)-\d{4}-\d\d-\d\dT[^/]*\/checks\.json$/.exec(file)?.[1] ?? file;

/** The suite knows no credentials: this adds them and passes everything else on as it is, `Host` and `Origin` too. */
export async function withCredentials(url: string, headers: Readonly<Record<string, string>>): Promise<Server> {
  const { hostname, port } = new URL(url);
  const server = createServer((asked, answer) => {
    const onward = request(
      { hostname, port, path: asked.url, method: asked.method, headers: { ...asked.headers, ...headers } },
      (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      },
    );
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

export const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** Ends with an error whenever a scenario fails: the checks tell. */
function run(args: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], { timeout: 120_000, cwd: tmpdir(), maxBuffer: 2 ** 26 }, () =>
      resolve(),
    );
  });
}
