import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import { untilAborted } from '../../src/platform/clock/deadline.js';
import { problemType } from '../../src/platform/problem/problem.js';
import { GraphDefinition } from '../../src/workflow/definition/definition.js';
import { buildGraph } from '../../src/workflow/graph/compiled-graph.js';
import type { CompiledGraph, GraphExecution } from '../../src/workflow/graph/execution.js';
import type { RegisteredNodeType } from '../../src/workflow/node/node.registry.js';
import type { NodeContext, NodeResult } from '../../src/workflow/node/node-type.js';
import { FakeRunHost, graphExecution } from './fake-run-host.js';

export type FakeConfig = { readonly [name: string]: unknown };
export type FakeContext = NodeContext<FakeConfig>;

type Edge = readonly [from: string, to: string, port?: string];
type Options = Omit<z.input<typeof GraphDefinition>['nodes'][number], 'id' | 'type' | 'config'>;

/** A graph in short. */
export interface Drawing {
  /** Node id -> type, configuration and the node's other members. */
  readonly nodes: Readonly<Record<string, readonly [type: string, config?: FakeConfig, options?: Options]>>;
  readonly edges?: readonly Edge[];
  readonly output?: unknown;
}

export type FakeTypes = Readonly<Record<string, RegisteredNodeType>>;

/** A node type that does what the test says and takes any configuration. */
export const fakeType = (
  execute: (context: FakeContext) => Promise<NodeResult>,
  options: Partial<RegisteredNodeType> = {},
): RegisteredNodeType => ({
  type: 'fake',
  title: 'Fake',
  description: 'For tests.',
  config: z.looseObject({}),
  ports: ['next'],
  executor: { execute: (context) => execute(context as FakeContext) },
  ...options,
});

export const fakeFailure = problemType({
  slug: 'fake-failure',
  status: 400,
  title: 'Fake failure',
  explanation: 'Only in tests.',
});

/** Doors that nodes of the type `gate` wait at, by the `name` of their configuration, until the test opens them. */
export class Gates {
  private readonly doors = new Map<string, PromiseWithResolvers<void>>();
  /** The names of those that have waited at a door. */
  readonly reached: string[] = [];

  open(name: string): void {
    this.door(name).resolve();
  }
  /** Those who wait there fail. */
  break(name: string, error: Error = fakeFailure(`${name} is broken.`)): void {
    const { promise, reject } = this.door(name);
    promise.catch(() => undefined);
    reject(error);
  }
  async pass(name: string, signal: AbortSignal): Promise<void> {
    this.reached.push(name);
    await untilAborted(signal, this.door(name).promise);
  }
  private door(name: string): PromiseWithResolvers<void> {
    const door = this.doors.get(name) ?? Promise.withResolvers<void>();
    this.doors.set(name, door);
    return door;
  }
}

/** Simple node types; `gates` are the doors of the type `gate`. */
export const fakeTypes = (gates = new Gates()): FakeTypes => ({
  /** Puts its configuration into the variables and shows it as its output. */
  set: fakeType(async ({ config }) => ({ output: config, variables: config }), { pure: true }),
  /** The same, as an effect: its result is remembered. */
  act: fakeType(async ({ config }) => ({ output: config, variables: config })),
  /** Leaves by the port that its configuration names. */
  go: fakeType(async ({ config }) => ({ port: String(config.port) }), { ports: ['left', 'right'] }),
  pause: fakeType(async ({ config, signal }) => {
    await sleep(Number(config.ms), undefined, { signal });
    return { variables: { slept: true } };
  }),
  /** Waits for its door, then puts `set` into the variables. */
  gate: fakeType(async ({ path, config, signal }) => {
    await gates.pass(String(config.name ?? path.at(-1)), signal);
    const variables = (config.set ?? {}) as FakeConfig;
    return { output: variables, variables };
  }),
  /** Waits `turns` turns of the event loop, then puts `set` into the variables. */
  turns: fakeType(async ({ config, signal }) => {
    for (let left = Number(config.turns); left > 0; left -= 1) await turn(undefined, { signal });
    const variables = (config.set ?? {}) as FakeConfig;
    return { output: variables, variables };
  }),
  fail: fakeType(({ config }) => Promise.reject(fakeFailure(String(config.detail ?? 'own fault'))), {
    ports: ['next', 'error'],
  }),
  end: fakeType(async ({ config: { output } }) => ({ output, end: { output } }), { ports: [], pure: true }),
  join: fakeType(async ({ branches }) => ({ output: branches, variables: { branches } }), {
    gathering: ({ wait = Infinity, takes = false }) => ({ wait: Number(wait), takesFailures: takes === true }),
  }),
});

/** The types with which every node is counted: how often each was executed, by path. */
export function counted(types: FakeTypes): { readonly types: FakeTypes; readonly runs: Record<string, number> } {
  const runs: Record<string, number> = {};
  const entries = Object.entries(types).map(([name, type]): [string, RegisteredNodeType] => [
    name,
    {
      ...type,
      executor: {
        execute: (context) => {
          const path = context.path.join('/');
          runs[path] = (runs[path] ?? 0) + 1;
          return type.executor.execute(context);
        },
      },
    },
  ]);
  return { types: Object.fromEntries(entries), runs };
}

export function definitionOf({ nodes, edges = [], output }: Drawing): GraphDefinition {
  return GraphDefinition.parse({
    kind: 'graph',
    nodes: Object.entries(nodes).map(([id, [type, config = {}, options]]) => ({ id, type, config, ...options })),
    edges: edges.map(([from, to, port]) => ({ from, to, port })),
    output,
  });
}

export function drawn(drawing: Drawing, types: FakeTypes = fakeTypes()): CompiledGraph {
  const definition = definitionOf(drawing);
  return buildGraph({ definition, types: new Map(definition.nodes.map(({ id, type }) => [id, types[type]!])) });
}

/** Runs a drawing, at a host of its own unless the parts bring one. */
export function executed(
  drawing: Drawing,
  parts: Partial<GraphExecution> & { host?: FakeRunHost } = {},
  types?: FakeTypes,
) {
  const { host = new FakeRunHost() } = parts;
  const outcome = drawn(drawing, types).run(graphExecution(host, parts));
  return { host, outcome };
}
