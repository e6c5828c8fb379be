import { execFile, spawn } from 'node:child_process';
import { chmod, chown, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { commandOf, environmentOf, parseDockerfile, ROOT, textOfDockerfile } from '../support/dockerfile.js';
import { eventually } from '../support/eventually.js';
import { ServerProcess, Servers } from '../support/server-process.js';
import { openStream, textOf } from '../support/sse.js';

const run = promisify(execFile);
const NOBODY = 65534;

/** What the image holds, laid out by hand and started as the image starts it. */
describe('what docker/Dockerfile packs', () => {
  const servers = new Servers();
  const { final } = parseDockerfile(textOfDockerfile());
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  let [program, data] = ['', ''];

  /** The program's folder with the packages that `npm ci --omit=dev` installs: links to the files, so that it is quick. */
  beforeAll(async () => {
    const folder = await servers.folder();
    [program, data] = [join(folder, 'app'), join(folder, 'data')];
    await mkdir(join(program, 'node_modules', '.bin'), { recursive: true });
    const { packages } = JSON.parse(await readFile(`${ROOT}package-lock.json`, 'utf8')) as {
      readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
    };
    const production = Object.entries(packages).flatMap(([path, { dev }]) => (path === '' || dev ? [] : path));
    for (const path of production.filter((one) => !isInside(one, production))) {
      if (!(await stat(ROOT + path).catch(() => undefined))) continue;
      await mkdir(dirname(join(program, path)), { recursive: true });
      await run('cp', ['-al', ROOT + path, join(program, path)]);
    }
    for (const path of ['dist', 'package.json', 'LICENSE']) await run('cp', ['-a', ROOT + path, join(program, path)]);
    await run('cp', ['-al', process.execPath, join(program, 'node_modules', '.bin', 'node')]);
    await mkdir(data);
    if (isRoot) await chown(data, NOBODY, NOBODY);
    for (const path of await foldersIn(program)) await chmod(path, 0o555);
  });
  afterAll(async () => {
    for (const path of await foldersIn(program)) await chmod(path, 0o755);
    await servers.clean();
  });

  const environment = (more: object): NodeJS.ProcessEnv => {
    const { DATA_DIR = '', TMPDIR = '', ...set } = environmentOf(final);
    const inData = { DATA_DIR: DATA_DIR.replace(/^\/data/, data), TMPDIR: TMPDIR.replace(/^\/data/, data) };
    const PATH = `${join(program, 'node_modules', '.bin')}:/usr/bin:/bin`;
    return { PATH, ...set, ...inData, HOST: '127.0.0.1', PORT: '0', ...more };
  };

  async function start(): Promise<ServerProcess> {
    const [file = '', ...args] = commandOf(final, 'CMD');
    const options = { cwd: program, env: environment({ LOG_LEVEL: 'error' }), ...user };
    const server = new ServerProcess(spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] }));
    servers.keep(server);
    await eventually(() => server.url !== undefined || server.hasExited, { withinMs: 90_000, what: 'a server' });
    if (server.url === undefined) throw new Error(`The server does not start:\n${server.output}`);
    return server;
  }

  /** What the health check of the image answers for a port. */
  async function health(port: string): Promise<number> {
    const [file = '', ...args] = commandOf(final, 'HEALTHCHECK');
    const checked = run(file, args, { cwd: program, env: environment({ PORT: port }), ...user });
    return checked.then(
      () => 0,
      ({ code }: { readonly code: number }) => code,
    );
  }

  it('has no development dependencies, and cannot be written by its user', async () => {
    const packages = await readdir(join(program, 'node_modules'));
    expect(packages).toEqual(expect.arrayContaining(['@nestjs', 'pg', 'bullmq']));
    expect(packages.filter((name) => ['jest', 'eslint', '@swc', 'prettier'].includes(name))).toEqual([]);
    if (isRoot) expect((await stat(program)).uid).toBe(0);
    for (const path of ['x', 'dist/x', 'node_modules/x']) {
      const touched = run('touch', [join(program, path)], { ...user, cwd: '/' });
      await expect(touched).rejects.toThrow(/Permission denied/);
    }
  });

  it('serves as an ordinary user who can write to the volume alone, and goes on with the volume after a restart', async () => {
    const first = await start();
    const port = new URL(first.url!).port;
    if (isRoot) expect((await stat(`/proc/${first.pid}`)).uid).toBe(NOBODY);
    expect(await health(port)).toBe(0);

    const ada = await first.api.register('ada@example.com');
    const live = await openStream(`${first.url}/api/v1/chat`, {
      method: 'POST',
      headers: ada.headers,
      body: { message: 'Say exactly: packed' },
    });
    const { frames, done } = await live.whole();
    expect([live.status, done, textOf(frames.map(({ event }) => event))]).toEqual([200, true, 'packed']);

    expect(await first.stop()).toEqual({ code: 0, signal: null });
    expect(first.errors).toBe('');
    expect(await health(port)).toBe(1);

    const second = await start();
    const body = { email: ada.user.email, password: ada.password };
    const { status, body: session } = await second.api.call('POST', '/auth/login', { body });
    expect(status).toBe(200);
    const as = { headers: { Authorization: `Bearer ${session.accessToken}` } };
    expect((await second.api.call('GET', '/conversations', { as })).body.items).toHaveLength(1);
    expect((await second.stop()).code).toBe(0);
  });
});

/** Whether a package lies inside of another that is copied whole. */
const isInside = (path: string, all: readonly string[]): boolean => {
  const end = path.lastIndexOf('/node_modules/');
  return end > 0 && all.includes(path.slice(0, end));
};

/** A folder and all folders in it. */
async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return [folder, ...entries.filter((one) => one.isDirectory()).map((one) => join(one.parentPath, one.name))];
}
