import { postmaster } from './embedded-postmaster.ts';
import { runsRoute } from './load-target.ts';
import type { System } from './system.ts';

/** Needs a build in `dist/`, for the launcher of its database. */
export const langgraphPostgres: System = {
  name: 'langgraph-postgres',
  title: 'LangGraph with its PostgresSaver, durability sync, on bare node:http and a PostgreSQL like Chatter’s',
  preload: ['statement-probe.ts'],
  start: ({ port, modelUrl, plain, dataDir }) => ({
    script: [
      plain('peers/langgraph-postgres.ts'),
      `--port=${port}`,
      `--model-url=${modelUrl}`,
      `--data-dir=${dataDir}`,
    ],
    env: { NODE_ENV: 'production' },
  }),
  livePath: '/livez',
  readyPath: '/livez',
  furtherProcesses: (dataDir) => postmaster(dataDir),
  target: (origin) =>
    Promise.resolve({
      origin,
      headers: { 'content-type': 'application/json' },
      workflows: runsRoute(({ isLine }) => isLine),
    }),
};
