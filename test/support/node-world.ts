import { Test } from '@nestjs/testing';
import { AppModule } from '../../src/app.module.js';
import { Retrieval } from '../../src/knowledge/retrieval.js';
import { LLMService } from '../../src/llm/llm.service.js';
import { untilAborted } from '../../src/platform/clock/deadline.js';
import { PluginRegistry } from '../../src/platform/plugin/plugin.registry.js';
import { EgressClient, type EgressRequest, type EgressResponse } from '../../src/security/egress/egress-client.js';
import { BuiltInTools } from '../../src/tool/builtin.source.js';
import { ToolGate, type ToolInvocation } from '../../src/tool/tool-gate.js';
import { ToolCatalogue } from '../../src/tool/tool-catalogue.js';
import type { OfferedTool } from '../../src/tool/tool-source.js';
import { inParallel } from '../../src/workflow/node/in-parallel.js';
import { NodeRegistry, type RegisteredNodeType } from '../../src/workflow/node/node.registry.js';
import type { NodeBodies, NodeWaits } from '../../src/workflow/node/node-type.js';
import { ROOMY } from './app.js';
import { testDatabase } from './postgres.js';
import { chunk } from './test-retriever.js';

/** Every node type of the application, and around them a world that answers at once, or not at all. */
export interface NodeWorld {
  readonly types: readonly RegisteredNodeType[];
  /** From now on nothing answers any more. */
  stall(): void;
  /** What waits gets its answer, and everything answers at once again. */
  release(): void;
  waits(signal: AbortSignal): NodeWaits;
  bodies(signal: AbortSignal): NodeBodies;
  close(): Promise<void>;
}

export async function nodeWorld(): Promise<NodeWorld> {
  let gate = Promise.resolve();
  let open: () => void = () => undefined;
  const after = async <Answer>(answer: Answer): Promise<Answer> => {
    await gate;
    return answer;
  };

  const database = await testDatabase('nodetypes');
  const environment = { ...ROOMY, ...database.environment, SCRIPTED_TOKEN_MS: '0' };
  const module = await Test.createTestingModule({ imports: [AppModule.with(environment)] })
    .overrideProvider(EgressClient)
    .useValue({
      request: ({ signal = NEVER }: EgressRequest) => untilAborted(signal, after(HTTP_ANSWER)),
    })
    .overrideProvider(ToolCatalogue)
    .useValue(new AnyToolCatalogue(() => after({ found: true })))
    .overrideProvider(ToolGate)
    .useValue({
      offered: async () => [],
      invoke: ({ signal }: ToolInvocation) =>
        untilAborted(signal, after({ status: 'ok', result: { found: true }, durationMs: 0 } as const)),
    })
    .overrideProvider(Retrieval)
    .useFactory({
      factory: () => {
        const plugin = { retrieve: () => after([chunk(1), chunk(2)]) };
        return new Retrieval({ find: () => [{ plugin, options: undefined }] } as unknown as PluginRegistry);
      },
    })
    .compile();
  module.useLogger(false);
  await module.init();

  const llm = module.get(LLMService);
  const stream = llm.stream.bind(llm);
  llm.stream = async function* (request) {
    await untilAborted(request.signal, after(undefined));
    yield* stream(request);
  };

  return {
    types: module.get(NodeRegistry).all(),
    stall: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      open = resolve;
    },
    release: () => open(),
    waits: (signal) => ({
      until: () => untilAborted(signal, after(undefined)),
      approval: () => untilAborted(signal, after({ approvalId: 'a', approved: true, expired: false, by: 'u' })),
      forEach: inParallel,
    }),
    bodies: (signal) => ({
      pass: (_, { variables }) => untilAborted(signal, after({ output: { text: 'done' }, variables })),
      tryPass: () => untilAborted(signal, after({ status: 'succeeded', output: { text: 'done' } } as const)),
      child: () =>
        untilAborted(signal, after({ status: 'succeeded', output: {}, durationMs: 1, usage: null } as const)),
    }),
    close: async () => {
      await module.close();
      await database.drop();
    },
  };
}

const NEVER = new AbortController().signal;

const HTTP_ANSWER: EgressResponse = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"n":1}'),
  truncated: false,
  url: 'https://api.example.com/',
};

/** Whatever name an example uses, there is such a tool. */
class AnyToolCatalogue extends ToolCatalogue {
  constructor(private readonly act: () => Promise<unknown>) {
    const plugins = { find: () => [] } as unknown as PluginRegistry;
    super(plugins, new BuiltInTools(plugins));
  }

  override async find(_workspaceId: string, name: string): Promise<OfferedTool> {
    return {
      name,
      title: name,
      description: 'Finds something.',
      parameters: { type: 'object' },
      risk: 'low',
      effect: 'read',
      source: { kind: 'builtin' },
      parse: async (args) => args,
      call: this.act,
    };
  }

  override async all(workspaceId: string): Promise<readonly OfferedTool[]> {
    return [await this.find(workspaceId, 'search')];
  }
}
