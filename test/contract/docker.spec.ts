import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import '../../src/app.module.js';
import { configurations } from '../../src/platform/config/configuration.js';
import {
  commandOf,
  dockerfileFaults,
  environmentOf,
  parseDockerfile,
  ROOT,
  textOfDockerfile,
  textsOf,
} from '../support/dockerfile.js';

const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};
const settings = configurations.flatMap((one) => Object.values(one.settings));
const variables = new Set(settings.map(({ variable }) => variable));

describe('docker/Dockerfile', () => {
  const text = textOfDockerfile();
  const { stages, final } = parseDockerfile(text);

  it('keeps the rules', () => {
    expect(dockerfileFaults(text)).toEqual([]);
  });

  it.each([
    ['a base image is not pinned to a version', ['node:24.21.0-bookworm-slim', 'node:latest']],
    ['a base image is not pinned to a version', ['node:24.21.0-bookworm-slim', 'node']],
    ['what builds and what runs are one stage', [/--from=\w+ /g, '']],
    ['something is installed without the lockfile', ['RUN npm ci\n', 'RUN npm install\n']],
    ['the lockfile is not there when npm ci runs', [' package-lock.json', '']],
    ['the final stage has development dependencies', ['npm ci --omit=dev', 'npm ci']],
    ['the final stage has development dependencies', ['--from=dependencies', '--from=build']],
    ['the final stage has development dependencies', ['USER node', 'RUN npm ci\nUSER node']],
    ['something is fetched from elsewhere', ['USER node', 'ADD https://example.com/x /x\nUSER node']],
    ['it runs as root', ['USER node\n', '']],
    ['it runs as root', ['USER node', 'USER 0:0']],
    ['it runs as root', ['STOPSIGNAL', 'USER root\nSTOPSIGNAL']],
    ['the program belongs to the user who runs it', ['COPY --from=build', 'COPY --chown=node --from=build']],
    ['it does not start in exec form', [/\nCMD .*/, '\nCMD node dist/main.js']],
    ['the stop signal is not SIGTERM', ['STOPSIGNAL SIGTERM', 'STOPSIGNAL SIGKILL']],
    ['the health check does not ask the readiness probe in exec form', [/HEALTHCHECK .*\\\n.*\n/, '']],
    ['the health check does not ask the readiness probe in exec form', ['/readyz', '/']],
    ['a secret is part of the image', ['ENV NODE_ENV', 'ENV OPENAI_API_KEY=x NODE_ENV']],
    ['it is not set to production', ['NODE_ENV=production ', '']],
    ['something is written outside of the volume', ['DATA_DIR=/data/chatter', 'DATA_DIR=/app/.data']],
    ['something is written outside of the volume', ['VOLUME /data\n', '']],
    ['the working directory is not absolute', ['WORKDIR /app', 'WORKDIR app']],
  ] as const)('that breaks one is found: %s', (fault, [what, by]) => {
    const broken = text.replace(what, by);
    expect(broken).not.toBe(text);
    expect(dockerfileFaults(broken)).toContain(fault);
  });

  it('runs the Node.js that everything is tested with, and starts as start:prod does', () => {
    expect([...new Set(stages.map(({ image }) => image.split('-')[0]))]).toEqual([
      `node:${manifest.devDependencies.node}`,
    ]);
    expect(commandOf(final, 'CMD').join(' ')).toBe(manifest.scripts['start:prod']);
  });

  it('copies only what there is and what .dockerignore lets in', () => {
    const [all, ...entries] = read('.dockerignore')
      .split('\n')
      .filter((line) => !/^(#|$)/.test(line));
    expect(all).toBe('*');
    const letIn = entries.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    const copied = stages
      .flatMap((stage) => textsOf(stage, 'COPY'))
      .filter((copy) => !copy.includes('--from='))
      .flatMap((copy) => copy.split(/\s+/).slice(0, -1));
    expect([...new Set(copied)].sort()).toEqual([...letIn].sort());
    expect(copied.filter((path) => !existsSync(`${ROOT}${path}`))).toEqual([]);
  });

  it('sets variables that the configuration knows', () => {
    const { TMPDIR: _, ...environment } = environmentOf(final);
    expect(Object.keys(environment).filter((name) => !variables.has(name))).toEqual([]);
  });
});

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, unknown>>;
  readonly env_file?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly stop_grace_period?: string;
  readonly command?: readonly string[];
}

describe('docker/compose.yaml', () => {
  // What Swagger writes YAML with; merge keys are of YAML 1.1.
  const { load, YAML11_SCHEMA } = createRequire(createRequire(import.meta.url).resolve('@nestjs/swagger'))('js-yaml');
  const text = read('docker/compose.yaml');
  const compose = load(text, { schema: YAML11_SCHEMA }) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly volumes: Readonly<Record<string, unknown>>;
  };
  const { api, worker, postgres, redis } = compose.services as Record<'api' | 'worker' | 'postgres' | 'redis', Service>;
  const ours = [api, worker];
  const example = read('docker/.env.example')
    .split('\n')
    .filter((line) => !/^(#|$)/.test(line))
    .map((line) => line.split('=')[0]!);

  it('has an API and a worker over PostgreSQL with pgvector and a Redis', () => {
    expect(Object.keys(compose.services)).toEqual(['api', 'worker', 'postgres', 'redis']);
    expect(ours.map(({ environment }) => environment?.ROLE)).toEqual(['api', 'worker']);
    for (const { build } of ours) {
      expect(build).toEqual({ context: '..', dockerfile: 'docker/Dockerfile' });
      expect(existsSync(`${ROOT}${build!.dockerfile}`)).toBe(true);
    }
    expect(postgres.image).toMatch(/^pgvector\/pgvector:\d+\.\d+\.\d+-pg1[5-9]$/);
    expect(redis.image).toMatch(/^redis:\d+\.\d+\S*$/);
    expect(redis.command!.join(' ')).toContain('--maxmemory-policy noeviction');
  });

  it('starts ours when what they need is healthy', () => {
    for (const { depends_on } of ours)
      expect(depends_on).toEqual({
        postgres: { condition: 'service_healthy' },
        redis: { condition: 'service_healthy' },
      });
    expect(postgres.healthcheck!.test.slice(0, 2)).toEqual(['CMD', 'pg_isready']);
    expect(redis.healthcheck!.test).toEqual(['CMD', 'redis-cli', 'ping']);
    expect(ours.filter(({ healthcheck }) => healthcheck)).toEqual([]);
  });

  it('sets variables that the configuration knows, the addresses to the services', () => {
    const set = ours.flatMap(({ environment }) => Object.keys(environment ?? {}));
    expect(set.filter((name) => !variables.has(name))).toEqual([]);
    for (const { environment } of ours) {
      expect(environment!.DATABASE_URL).toMatch(
        new RegExp(`@postgres:5432/${String(postgres.environment!.POSTGRES_DB)}$`),
      );
      expect(environment!.REDIS_URL).toBe('redis://redis:6379');
      const written = Object.entries(environment!).filter(([, value]) => !/\$\{/.test(String(value)));
      const parsed = settings.filter(({ variable }) => written.some(([name]) => name === variable));
      for (const { variable, schema: of } of parsed)
        expect(of.safeParse(String(environment![variable])).success).toBe(true);
    }
  });

  it('holds no secret: what is one comes from docker/.env, which is in neither git nor the image', () => {
    const needed = new Set(
      Array.from(text.matchAll(/\$\{(\w+)(:\?[^}]+)?\}/g), ([, name, must]) => `${name} ${must !== undefined}`),
    );
    expect([...needed]).toEqual(['POSTGRES_PASSWORD true', 'ENCRYPTION_KEY true']);
    for (const { env_file } of ours) expect(env_file).toBe('.env');
    expect(example).toEqual(expect.arrayContaining(['POSTGRES_PASSWORD', 'ENCRYPTION_KEY']));
    expect(example.filter((name) => !variables.has(name))).toEqual(['POSTGRES_PASSWORD']);
    expect(read('docker/.env.example')).not.toMatch(/^\w*(PASSWORD|KEY)=.+/m);
    expect(read('.gitignore').split('\n')).toContain('.env');
    expect(read('.dockerignore').split('\n')).not.toContain('!docker');
  });

  it('gives away as little as it can', () => {
    for (const { read_only, cap_drop, security_opt } of [...ours, redis]) {
      expect([read_only, cap_drop, security_opt]).toEqual([true, ['ALL'], ['no-new-privileges:true']]);
    }
    const ports = Object.entries(compose.services).flatMap(([name, { ports = [] }]) =>
      ports.map((port) => `${name} ${port}`),
    );
    expect(ports).toEqual([`api 127.0.0.1:3000:${environmentOf(parseDockerfile(textOfDockerfile()).final).PORT}`]);
    const mounted = Object.values(compose.services).flatMap(({ volumes = [] }) =>
      volumes.map((one) => one.split(':')[0]),
    );
    expect(mounted).toEqual(Object.keys(compose.volumes));
  });

  it('waits longer for the end than the program itself does', () => {
    const forced = Number(/FORCED_EXIT_AFTER_MS = ([\d_]+)/.exec(read('src/main.ts'))![1]!.replaceAll('_', ''));
    for (const { stop_grace_period } of ours)
      expect(Number.parseInt(stop_grace_period!, 10) * 1_000).toBeGreaterThan(forced);
  });
});
