import { Definition } from '../../src/workflow/definition/definition.js';
import type { Bundle } from '../../src/workflow/definition/bundle.js';
import type { GraphExecution, GraphOutcome, Reached } from '../../src/workflow/graph/execution.js';
import { GraphCompiler } from '../../src/workflow/graph/graph-compiler.js';
import type { NodeRegistry, RegisteredNodeType } from '../../src/workflow/node/node.registry.js';
import type { NodeExecutor } from '../../src/workflow/node/node-type.js';
import { CompositeNode } from '../../src/workflow/node/types/composite.node.js';
import { ConditionalNode } from '../../src/workflow/node/types/conditional.node.js';
import { EndNode } from '../../src/workflow/node/types/end.node.js';
import { FailNode } from '../../src/workflow/node/types/fail.node.js';
import { JoinNode } from '../../src/workflow/node/types/join.node.js';
import { LoopNode } from '../../src/workflow/node/types/loop.node.js';
import { MapNode } from '../../src/workflow/node/types/map.node.js';
import { SetNode } from '../../src/workflow/node/types/set.node.js';
import { SwitchNode } from '../../src/workflow/node/types/switch.node.js';
import { WorkflowNode } from '../../src/workflow/node/types/workflow.node.js';
import type { RunConfig } from '../../src/workflow/run/run.config.js';
import { FakeRunHost, graphExecution } from './fake-run-host.js';
import { counted, fakeTypes, Gates } from './graph-drawing.js';
import { optionsOf } from './node-context.js';

/** Most items of a map on the bench. */
export const MAX_ITEMS = 50;

const REAL: readonly NodeExecutor<never>[] = [
  new CompositeNode(),
  new ConditionalNode(),
  new EndNode(),
  new FailNode(),
  new JoinNode(),
  new LoopNode(),
  new MapNode({ maxMapItems: MAX_ITEMS } as RunConfig),
  new SetNode(),
  new SwitchNode(),
  new WorkflowNode(),
];

export interface BenchRun {
  readonly host: FakeRunHost;
  readonly outcome: Promise<GraphOutcome>;
  /** What there is to show of a definition that is one node. */
  shown(): unknown;
  /** The output of the node called `id`, once it has ended. */
  output(id: string): unknown;
}

/** Runs definitions of every kind as they are compiled, with the engine's own node types beside those of `fakeTypes`. */
export class WorkflowBench {
  readonly gates = new Gates();
  /** How often each node was executed, by path. */
  readonly runs: Record<string, number>;
  private readonly types: ReadonlyMap<string, RegisteredNodeType>;

  constructor() {
    const real = REAL.map((executor): [string, RegisteredNodeType] => {
      const options = optionsOf(executor);
      return [options.type, { ...options, executor: executor as unknown as NodeExecutor }];
    });
    const { types, runs } = counted({ ...fakeTypes(this.gates), ...Object.fromEntries(real) });
    this.types = new Map(Object.entries(types));
    this.runs = runs;
  }

  get registry(): NodeRegistry {
    return {
      get: (type: string) => this.types.get(type),
      isUsable: (type: string) => this.types.has(type),
    } as NodeRegistry;
  }

  run(
    definition: unknown,
    parts: Partial<GraphExecution> & { readonly host?: FakeRunHost; readonly pins?: Bundle['pins'] } = {},
  ): BenchRun {
    const { host = new FakeRunHost(), pins = {}, ...execution } = parts;
    const compile = async () =>
      new GraphCompiler(this.registry).compile('bench', { definition: Definition.parse(definition), pins });
    const reached: Reached = { variables: {} };
    const outcome = compile().then((graph) => graph.run(graphExecution(host, { reached, ...execution, host })));
    outcome.catch(() => undefined);
    return {
      host,
      outcome,
      shown: () => reached.output?.(),
      output: (id) => host.of('nodeEnd').find(({ path }) => path.join('/') === id)?.output,
    };
  }
}

/** A graph of nodes in a line, each as id, type and configuration. */
export function lineOf(...nodes: readonly (readonly [id: string, type: string, config?: object, options?: object])[]) {
  return {
    kind: 'graph' as const,
    nodes: nodes.map(([id, type, config = {}, options]) => ({ id, type, config, ...options })),
    edges: nodes.slice(1).map(([id], index) => ({ from: nodes[index]![0], to: id })),
  };
}
