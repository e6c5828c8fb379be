import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import type { Api } from './api.js';
import type { Answer, SignedIn } from './app.js';
import { openStream, textOf, type LiveStream, type RunEvent } from './sse.js';

/** What a test reads of JSON. */
type Json = ReturnType<typeof JSON.parse>;

/** One user at one server, who runs workflows. */
export interface Story {
  /** A request to a path below /api/v1. */
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  /** The answer to POST /runs once the run has ended or waits for a person: `{ run, approvals? }`. */
  run(request: RunRequest): Promise<Json>;
  /** The run live, event by event. */
  stream(request: RunRequest): Promise<LiveStream>;
  /** Its events after number `after`, followed to the end. */
  follow(runId: string, after?: number): Promise<LiveStream>;
  /** All events of a run that has ended. */
  log(runId: string): Promise<readonly RunEvent[]>;
  read(runId: string): Promise<Json>;
  /** Its steps by id: the path joined by "/". */
  steps(runId: string): Promise<Readonly<Record<string, Json>>>;
  children(runId: string): Promise<readonly Json[]>;
  /** Stores a workflow and publishes its first version; answers its path. */
  publish(name: string, definition: object): Promise<string>;
  decide(approvalId: string, decision: 'approve' | 'deny'): Promise<Answer>;
}

interface RunRequest {
  readonly workflow?: string;
  readonly definition?: object;
  readonly input?: object;
  readonly limits?: object;
  readonly mode?: 'wait' | 'background';
}

export function storyOf({ url, call: request }: Pick<Api, 'url' | 'call'>, as: Pick<SignedIn, 'headers'>): Story {
  const call: Story['call'] = (method, path, body) => request(method, path, { as, body });
  const get = async (path: string): Promise<Json> => expected(await call('GET', path), 200);
  const follow: Story['follow'] = (runId, after = 0) =>
    openStream(`${url}/api/v1/runs/${runId}/events`, {
      headers: { ...as.headers, ...(after > 0 && { 'Last-Event-ID': String(after) }) },
    });
  return {
    call,
    follow,
    run: async (given) => expected(await call('POST', '/runs', given), 200, 202),
    stream: (body) => openStream(`${url}/api/v1/runs`, { method: 'POST', headers: as.headers, body }),
    log: async (runId) => (await (await follow(runId)).whole()).frames.map(({ event }) => event),
    read: (runId) => get(`/runs/${runId}`),
    steps: async (runId) => {
      const { items } = await get(`/runs/${runId}/steps?limit=100`);
      return Object.fromEntries(items.map((step: Json) => [step.id, step]));
    },
    children: async (runId) => (await get(`/runs/${runId}/children`)).items,
    publish: async (name, definition) => {
      const { id } = expected(await call('POST', '/workflows', { name, definition }), 201);
      expected(await call('POST', `/workflows/${id}/publish`), 200, 201);
      return `/workflows/${id}`;
    },
    decide: (id, decision) => call('POST', `/approvals/${id}/decision`, { decision }),
  };
}

function expected({ status, body }: Answer, ...statuses: readonly number[]): Json {
  if (!statuses.includes(status)) throw new Error(`Answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

/** Lists plugins in a room of the application, as one line in its module's providers would. Before it is started. */
export function install(room: Type, ...plugins: readonly Type[]): void {
  const listed = (Reflect.getMetadata('providers', room) ?? []) as readonly Type[];
  Reflect.defineMetadata('providers', [...listed, ...plugins], room);
}

/** One of examples/*.workflow.json. */
export async function example(name: string): Promise<object> {
  const file = join(import.meta.dirname, `../../examples/${name}.workflow.json`);
  return JSON.parse(await readFile(file, 'utf8')) as object;
}

export const node = (id: string, type: string, config: object = {}, more: object = {}) => ({
  id,
  type,
  config,
  ...more,
});

/** Says what its prompt makes the scripted model say. */
export const model = (id: string, prompt: string, more: object = {}) => node(id, 'model', { prompt }, more);

/** A graph whose edges are written as ways: "first > second:port > third". */
export const graph = (nodes: readonly object[], ways: readonly string[] = [], more: object = {}) => ({
  kind: 'graph',
  nodes,
  edges: ways.flatMap((way) => {
    const stops = way.split(' > ').map((stop) => stop.split(':'));
    return stops.slice(1).map(([to], index) => ({ from: stops[index]?.[0], to, port: stops[index]?.[1] ?? 'next' }));
  }),
  ...more,
});

/** A workflow of one model that answers with its text. */
export const speaker = (prompt: string, more: object = {}) =>
  graph([model('say', prompt, more)], [], { output: { text: '{{text}}' } });

export const composite = (strategy: string, workflows: Readonly<Record<string, object>>, more: object = {}) => ({
  kind: 'composite',
  strategy,
  workflows: Object.entries(workflows).map(([id, definition]) =>
    'definition' in definition || 'workflow' in definition ? { id, ...definition } : { id, definition },
  ),
  ...more,
});

const pathOf = ({ path = [] }: RunEvent): string => (path as readonly string[]).join('/');

/** What models have said, by the path of their node. */
export function said(events: readonly RunEvent[]): Readonly<Record<string, string>> {
  const told = Map.groupBy(
    events.filter(({ type }) => type === 'token' || type === 'reset'),
    pathOf,
  );
  return Object.fromEntries([...told].map(([path, own]) => [path, textOf(own)]));
}

/** The types of events in their order, each once where it comes several times in a row. */
export const course = (events: readonly RunEvent[]): readonly string[] =>
  events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]);

/** The most nodes of an id that the log shows between their start and their end at once. */
export function mostAtOnce(events: readonly RunEvent[], nodeId: string): number {
  const open = new Set<string>();
  let most = 0;
  for (const event of events.filter((one) => one.nodeId === nodeId)) {
    if (event.type === 'node_start') open.add(pathOf(event));
    if (event.type === 'node_end') open.delete(pathOf(event));
    most = Math.max(most, open.size);
  }
  return most;
}
