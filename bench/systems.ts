import { chatter } from './chatter.system.ts';
import { langgraphPostgres } from './langgraph-postgres.system.ts';
import { chatterTarget } from './load-target.ts';
import type { System } from './system.ts';

/** Every server that can be measured, in the order of the tables. */
export const systems: readonly System[] = [
  peer({
    name: 'raw-proxy-batched',
    title: 'the raw proxy, one write per upstream read',
    script: ['raw-proxy.ts', '--batch'],
  }),
  peer({
    name: 'raw-proxy',
    title: 'bare node:http, parses and re-frames the model stream, stores nothing',
    script: ['raw-proxy.ts'],
  }),
  chatter,
  peer({
    name: 'nest-langgraph',
    title: 'Nest 12 + LangGraph + ChatOpenAI the obvious way, stores nothing',
    script: ['nest-langgraph.ts'],
  }),
  langgraphPostgres,
];

interface Peer {
  readonly name: string;
  readonly title: string;
  /** File in `peers/` and its arguments. */
  readonly script: readonly [file: string, ...rest: string[]];
}

/** A peer speaks Chatter's interface, without signing in. */
function peer({ name, title, script: [file, ...rest] }: Peer): System {
  return {
    name,
    title,
    preload: [],
    start: ({ port, modelUrl, plain }) => ({
      script: [plain(`peers/${file}`), '--port', String(port), '--model-url', modelUrl, ...rest],
      env: { NODE_ENV: 'production' },
    }),
    livePath: '/livez',
    readyPath: '/livez',
    furtherProcesses: () => [],
    target: (origin) => Promise.resolve(chatterTarget(origin, {}, 'openai')),
  };
}
