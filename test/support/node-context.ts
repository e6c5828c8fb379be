import type { Type } from '@nestjs/common';
import type { ReferenceScope } from '../../src/workflow/definition/lookup.js';
import { resolveReferences } from '../../src/workflow/definition/reference.js';
import { inParallel } from '../../src/workflow/node/in-parallel.js';
import {
  NodeType,
  type NodeContext,
  type NodeEvent,
  type NodeExecutor,
  type NodeResult,
  type NodeTypeOptions,
} from '../../src/workflow/node/node-type.js';
import type { ChatMessage } from '../../src/llm/chat-model.js';

type Parts = Partial<Omit<NodeContext<unknown>, 'config' | 'scope' | 'messages'>> & {
  /** As a definition has it. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly scope?: Partial<ReferenceScope>;
  /** The last message of the user, or all messages. */
  readonly messages?: string | readonly ChatMessage[];
};

export interface Executed {
  readonly result: NodeResult;
  readonly events: readonly NodeEvent[];
}

const refused = (name: string) => () => Promise.reject(new Error(`A test that needs ${name} brings its own.`));

/** A context with nothing in it but what the test says. */
export function nodeContext(parts: Parts = {}): NodeContext<unknown> & { readonly events: readonly NodeEvent[] } {
  const { messages = [], scope, emit, ...rest } = parts;
  const events: NodeEvent[] = [];
  return {
    path: ['node'],
    config: {},
    run: { id: 'r', workspaceId: 'w', userId: 'u' },
    input: scope?.input ?? {},
    startedAt: new Date('2026-11-23T09:30:00.000Z'),
    branches: {},
    bodies: { pass: refused('bodies'), tryPass: refused('bodies'), child: refused('bodies') },
    waits: { until: refused('waits'), approval: refused('waits'), forEach: inParallel },
    signal: new AbortController().signal,
    room: () => undefined,
    shows: () => undefined,
    decided: () => undefined,
    takeToolCall: () => true,
    tries: '',
    shared: () => undefined,
    reserve: async () => undefined,
    answered: () => undefined,
    settled: async () => undefined,
    hasTold: () => false,
    ...rest,
    scope: { input: {}, variables: {}, nodes: {}, ...scope },
    messages: typeof messages === 'string' ? [{ role: 'user', content: messages }] : messages,
    emit: (event) => {
      events.push(event);
      emit?.(event);
    },
    events,
  };
}

/** The options a node type was declared with. */
export const optionsOf = (executor: NodeExecutor<never> | Type): NodeTypeOptions =>
  Reflect.getMetadata(
    NodeType.KEY,
    typeof executor === 'function' ? executor : executor.constructor,
  ) as NodeTypeOptions;

/** Runs a node as the engine does: references resolved but where the type does it itself, then parsed. */
export async function executed(executor: NodeExecutor<never>, parts: Parts = {}): Promise<Executed> {
  const { config: schema, raw = [] } = optionsOf(executor);
  const context = nodeContext(parts);
  const written = Object.entries(parts.config ?? {});
  const resolved = written.map(([name, value]) => [
    name,
    raw.includes(name) ? value : resolveReferences(value, context.scope),
  ]);
  const config = schema.parse(Object.fromEntries(resolved));
  const result = await executor.execute({ ...context, config } as unknown as NodeContext<never>);
  return { result, events: context.events };
}
