import { request } from 'undici';
import { postmaster } from './embedded-postmaster.ts';
import { chatterTarget, runsRoute } from './load-target.ts';
import type { Place, System } from './system.ts';

/** Chatter as `npm start` runs it: authentication on, on its embedded PostgreSQL. Needs a build in `dist/`. */
export const chatter: System = {
  name: 'chatter',
  title: 'Chatter: signed in, every turn and event stored in PostgreSQL',
  preload: ['statement-probe.ts'],
  start: (place) => ({ script: ['--enable-source-maps', 'dist/main.js'], env: environment(place) }),
  livePath: '/livez',
  readyPath: '/readyz',
  furtherProcesses: (dataDir) => postmaster(dataDir),
  target: async (origin) => ({
    ...chatterTarget(origin, { authorization: `Bearer ${await accessToken(origin)}` }, 'openai-compatible'),
    workflows: runsRoute(() => true),
  }),
};

const UNLIMITED = '1000000000';

/** The defaults, except for the limits that would stop one user from asking as fast as a machine can, or a large map. */
function environment({ port, modelUrl, models, dataDir }: Place): Record<string, string> {
  return {
    PORT: String(port),
    HOST: '127.0.0.1',
    DATA_DIR: dataDir,
    LOG_LEVEL: 'warn',
    REQUESTS_PER_MINUTE: UNLIMITED,
    REQUESTS_BURST: UNLIMITED,
    MAX_RUNS_PER_USER: '1000000',
    MAX_MAP_ITEMS: '1000',
    MAX_TOKENS_PER_RUN: '100000000',
    RUN_TIMEOUT_MS: '3600000',
    OPENAI_COMPATIBLE_BASE_URL: modelUrl,
    OPENAI_COMPATIBLE_API_KEY: 'bench',
    OPENAI_COMPATIBLE_MODELS: models.join(','),
    DEFAULT_MODEL: `openai-compatible:${models[0] ?? ''}`,
  };
}

async function accessToken(origin: string): Promise<string> {
  const { statusCode, body } = await request(`${origin}/api/v1/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'bench@example.com', password: 'correct-horse-battery-staple-42' }),
  });
  const text = await body.text();
  if (statusCode !== 201) throw new Error(`POST /auth/register answered ${statusCode}: ${text}`);
  return (JSON.parse(text) as { readonly accessToken: string }).accessToken;
}
