import { Injectable, type Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { z } from 'zod';
import { MemoryStores } from '../../src/knowledge/memory/memory-stores.js';
import { modelUnknown } from '../../src/llm/llm.errors.js';
import { LLMService } from '../../src/llm/llm.service.js';
import type { Principal } from '../../src/platform/http/principal.js';
import { PluginRegistry } from '../../src/platform/plugin/plugin.registry.js';
import { EgressClient } from '../../src/security/egress/egress-client.js';
import { Definition, type WorkflowTarget } from '../../src/workflow/definition/definition.js';
import { NodeRegistry } from '../../src/workflow/node/node.registry.js';
import { NodeType, type NodeExecutor, type TargetSite } from '../../src/workflow/node/node-type.js';
import { HttpNode } from '../../src/workflow/node/types/http.node.js';
import { MemoryNode } from '../../src/workflow/node/types/memory.node.js';
import { ModelNode } from '../../src/workflow/node/types/model.node.js';
import { SwitchNode } from '../../src/workflow/node/types/switch.node.js';
import { RunConfig } from '../../src/workflow/run/run.config.js';
import { VALIDATION } from '../../src/workflow/validation/validation.providers.js';
import { WorkflowValidator } from '../../src/workflow/validation/workflow-validator.js';
import { WorkflowResolver, WorkflowSource, type Workflows } from '../../src/workflow/workflow-resolver.js';
import { ToolAccess, type AccessState } from '../../src/tool/access/tool-access.js';
import { ToolCatalogue } from '../../src/tool/tool-catalogue.js';
import type { OfferedTool } from '../../src/tool/tool-source.js';
import { egressClient, FakeNetwork } from './egress.js';

export const CALLER: Principal = { userId: 'u', workspaceId: 'w', role: 'editor', isSystemAdmin: false };

/** What a test decides of a validator's surroundings. */
export interface Surroundings {
  /** Node types and rules beside the usual ones. */
  readonly plugins?: readonly Type[];
  /** Workflows by what they are named as; a function throws what looking one up throws. */
  readonly workflows?: Readonly<Record<string, Found | (() => never)>>;
  readonly addresses?: Readonly<Record<string, readonly string[]>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** What the catalogue has; nobody was granted anything. */
  readonly tools?: readonly Pick<OfferedTool, 'name' | 'effect' | 'risk' | 'source' | 'unavailable'>[];
}

type Found = { readonly definition: object; readonly id?: string };

export interface TestValidator {
  readonly validator: WorkflowValidator;
  /** What is found in a definition, as "code severity pointer"; only of these codes, when some are given. */
  check(definition: unknown, ...codes: readonly string[]): Promise<readonly string[]>;
  /** Of the only violation with this code. */
  only(definition: unknown, code: string): Promise<{ readonly message: string; readonly hint: string }>;
}

/** The validator with every rule, stand-ins for the node types that hold others, and nothing outside of this process. */
export async function testValidator(surroundings: Surroundings = {}): Promise<TestValidator> {
  const { plugins = [], workflows = {}, addresses = {}, environment = {}, tools = [] } = surroundings;
  const lookups: Workflows = {
    async find(_workspace, { name, version }) {
      const key = version === undefined ? name : `${name}@${version}`;
      const found = Object.hasOwn(workflows, key) ? workflows[key] : undefined;
      if (typeof found === 'function') return found();
      return found && { id: found.id, name, definition: found.definition as Definition };
    },
  };
  const module = await Test.createTestingModule({
    imports: [DiscoveryModule],
    providers: [
      PluginRegistry,
      NodeRegistry,
      WorkflowResolver,
      ...TYPES,
      ...STAND_INS,
      ...plugins,
      ...VALIDATION,
      { provide: RunConfig, useValue: new RunConfig(environment) },
      { provide: LLMService, useValue: MODELS },
      { provide: MemoryStores, useValue: {} },
      { provide: ToolCatalogue, useValue: { all: async () => tools } },
      { provide: ToolAccess, useValue: { stateOf: async () => NO_GRANTS } },
      { provide: EgressClient, useValue: egressClient(new FakeNetwork(addresses)) },
      { provide: SourceStandIn, useValue: Object.assign(new SourceStandIn(), lookups) },
    ],
  })
    .setLogger(SILENT)
    .compile();
  await module.init();
  const validator = module.get(WorkflowValidator);
  const find = async (definition: unknown) => (await validator.validate(CALLER, definition)).violations;
  return {
    validator,
    check: async (definition, ...codes) =>
      (await find(definition))
        .filter(({ code }) => codes.length === 0 || [...codes, 'rule-failed'].includes(code))
        .map(({ code, severity, pointer }) => `${code} ${severity} ${pointer}`),
    only: async (definition, code) => {
      const [violation, ...more] = (await find(definition)).filter((found) => found.code === code);
      if (!violation || more.length > 0)
        throw new Error(`There is not one ${code}, but ${more.length + (violation ? 1 : 0)}.`);
      return violation;
    },
  };
}

const NO_GRANTS: AccessState = { userId: CALLER.userId, role: CALLER.role, grants: [], off: new Set(['off']) };

const SILENT = { log: () => undefined, warn: () => undefined, error: () => undefined };

/** One model, 2 USD for a million tokens. */
const MODELS = {
  keyed: async () => new Set(),
  resolve: (name = 'scripted:default') => {
    if (name !== 'scripted:default') throw modelUnknown(`There is no model "${name}".`);
    return { id: name };
  },
  models: () => [{ id: 'scripted:default', model: 'default' }],
  cost: (_id: string, { totalTokens }: { readonly totalTokens: number }) => totalTokens * 2e-6,
};

@Injectable()
@WorkflowSource()
class SourceStandIn {}

abstract class StandIn implements NodeExecutor {
  execute(): never {
    throw new Error('A stand-in does not run.');
  }
}

const output = (name: string) => z.string().max(64).default(name);
const workflowOrName = z.union([z.string(), Definition]);
const siteOfBody = ({ body }: Readonly<Record<string, unknown>>): readonly TargetSite[] =>
  body === undefined
    ? []
    : [{ pointer: '/body', target: typeof body === 'string' ? { workflow: body } : (body as WorkflowTarget) }];

@Injectable()
@NodeType({
  type: 'map',
  title: 'Map',
  description: 'Runs its body for each item.',
  config: z.strictObject({
    items: z.union([z.string(), z.array(z.unknown())]),
    body: workflowOrName,
    output: output('results'),
  }),
  ports: ['next'],
  raw: ['body'],
  targets: siteOfBody,
})
class MapStandIn extends StandIn {}

@Injectable()
@NodeType({
  type: 'loop',
  title: 'Loop',
  description: 'Runs its body again and again.',
  config: z.strictObject({
    body: workflowOrName,
    until: z.unknown().optional(),
    maxIterations: z.number().int().min(1).max(1_000).default(10),
    output: output('result'),
  }),
  ports: ['next', 'exhausted'],
  optionalPorts: ['exhausted'],
  raw: ['body', 'until'],
  targets: siteOfBody,
})
class LoopStandIn extends StandIn {}

@Injectable()
@NodeType({
  type: 'workflow',
  title: 'Workflow',
  description: 'Runs another workflow.',
  config: z.strictObject({
    workflow: z.string().optional(),
    definition: z.unknown().optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
    input: z.record(z.string(), z.unknown()).optional(),
    output: output('result'),
  }),
  ports: ['next'],
  targets: (config) => [{ pointer: '', target: config as WorkflowTarget }],
})
class WorkflowStandIn extends StandIn {}

@Injectable()
@NodeType({
  type: 'composite',
  title: 'Composite',
  description: 'Runs several workflows as one.',
  config: z.strictObject({ strategy: z.string(), workflows: z.array(z.unknown()) }),
  ports: ['next'],
  raw: ['workflows'],
  targets: ({ workflows }) =>
    (workflows as WorkflowTarget[]).map((target, index) => ({ pointer: `/workflows/${index}`, target })),
})
class CompositeStandIn extends StandIn {}

@Injectable()
@NodeType({
  type: 'join',
  title: 'Join',
  description: 'Waits for branches.',
  config: z.strictObject({
    wait: z.union([z.enum(['all', 'any']), z.number().int().min(1)]).default('all'),
    output: output('branches'),
  }),
  ports: ['next'],
})
class JoinStandIn extends StandIn {}

@Injectable()
@NodeType({
  type: 'set',
  title: 'Set',
  description: 'Sets variables.',
  config: z.strictObject({ values: z.record(z.string(), z.unknown()) }),
  ports: ['next'],
})
class SetStandIn extends StandIn {}

@Injectable()
@NodeType({
  type: 'agent',
  title: 'Agent',
  description: 'A model with tools.',
  config: z.strictObject({
    model: z.string().optional(),
    prompt: z.string().optional(),
    maxTokens: z.number().int().optional(),
    tools: z.union([z.literal('*'), z.array(z.string())]).optional(),
    maxToolCalls: z.number().int().min(1).default(10),
    output: output('text'),
  }),
  ports: ['next'],
})
class AgentStandIn extends StandIn {}

@Injectable()
@NodeType({
  type: 'tool',
  title: 'Tool',
  description: 'One call.',
  config: z.strictObject({ tool: z.string(), output: output('result') }),
  ports: ['next'],
})
class ToolStandIn extends StandIn {}

@Injectable()
@NodeType({
  type: 'engine',
  title: 'Engine',
  description: 'The engine’s own.',
  config: z.strictObject({}),
  ports: ['next'],
  internal: true,
})
class EngineNode extends StandIn {}

const TYPES = [HttpNode, MemoryNode, ModelNode, SwitchNode];

const STAND_INS = [
  AgentStandIn,
  CompositeStandIn,
  EngineNode,
  JoinStandIn,
  LoopStandIn,
  MapStandIn,
  SetStandIn,
  ToolStandIn,
  WorkflowStandIn,
];

type Members = Readonly<Record<string, unknown>>;

/** A node of a definition. */
export const node = (id: string, type: string, config: Members = {}, more: Members = {}): Members => ({
  id,
  type,
  config,
  ...more,
});

/** A graph whose edges are written "a -> b" or "a port -> b". */
export const graph = (nodes: readonly unknown[], edges: readonly string[] = [], more: Members = {}): Members => ({
  kind: 'graph',
  nodes,
  edges: edges.map((edge) => {
    const [, from, port, to] = /^(\S+)(?: (\S+))? -> (\S+)$/.exec(edge) ?? [];
    return port === undefined ? { from, to } : { from, to, port };
  }),
  ...more,
});

/** A graph of one node. */
export const single = (type = 'model', config: Members = {}): Members => graph([node('only', type, config)]);
