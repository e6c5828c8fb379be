import { Injectable, type OnModuleInit } from '@nestjs/common';
import { z } from 'zod';
import type { ChatMessage } from '../../../llm/chat-model.js';
import { factsMessage, summaryMessage } from '../../../llm/conversation-summary.js';
import { lastMessages } from '../../../llm/fitted-messages.js';
import { LLMService } from '../../../llm/llm.service.js';
import { MemoryStores } from '../../../knowledge/memory/memory-stores.js';
import { PluginRegistry } from '../../../platform/plugin/plugin.registry.js';
import { RunConfig } from '../../run/run.config.js';
import { HistorySource, type EarlierMessages, type History } from '../history-source.js';
import { NodeType, type NodeContext, type NodeExecutor, type NodeResult } from '../node-type.js';
import { refreshedSummary, summaryWithin } from '../rolling-summary.js';

const Config = z.strictObject({
  window: z.number().int().min(1).max(100).default(20).describe('Most earlier messages that are kept.'),
  summarise: z
    .boolean()
    .default(true)
    .describe('Whether what is older is folded into a running summary that the model is told.'),
  model: z
    .string()
    .max(200)
    .optional()
    .describe('The model that makes the summary, provider:model; the default model when absent.'),
  facts: z
    .number()
    .int()
    .min(0)
    .max(20)
    .default(0)
    .describe('Most facts the model is told of those that are remembered of the user and have words of the message.'),
});
type Config = z.output<typeof Config>;

/** How much of a message facts are looked for with, in characters. */
const MAX_QUERY = 2_000;
/** What a message takes of a context window at most, roughly: bytes that are one token. */
const BYTES_A_TOKEN = 3;
/** The part of a context window that messages may fill before they are folded. */
const UNTOLD_OF_WINDOW = 1 / 2;

@Injectable()
@NodeType({
  type: 'memory',
  title: 'Memory',
  description: 'Puts the last messages of the conversation before the present one, and a summary of what is older.',
  config: Config,
  example: { window: 20 },
  ports: ['next'],
  pure: true,
})
export class MemoryNode implements NodeExecutor<Config>, OnModuleInit {
  private sources: readonly History[] = [];

  constructor(
    private readonly plugins: PluginRegistry,
    private readonly llm: LLMService,
    private readonly stores: MemoryStores,
    private readonly limits: RunConfig,
  ) {}

  onModuleInit(): void {
    this.sources = this.plugins.find<History, void>(HistorySource).map(({ plugin }) => plugin);
  }

  async execute(context: NodeContext<Config>): Promise<NodeResult> {
    const { config, run, messages } = context;
    const [source] = this.sources;
    const earlier =
      source && run.conversationId !== undefined ? await source.before(run, config.window) : { messages: [] };
    const summary = source && config.summarise ? await this.summaryOf(source, earlier, context) : undefined;
    const facts = await this.factsFor(context);
    const last = lastMessages(earlier.messages, config.window);
    return {
      output: { messageCount: last.length, hasSummary: summary !== undefined, factCount: facts.length },
      messages: [
        ...(facts.length === 0 ? [] : [factsMessage(facts)]),
        ...(summary === undefined ? [] : [summaryMessage(summary)]),
        ...last,
        ...messages,
      ],
    };
  }

  /** What is remembered of the user, the most alike first. */
  private async factsFor({ config, run, messages }: NodeContext<Config>): Promise<readonly string[]> {
    const query = messages.findLast(({ role }) => role === 'user')?.content.slice(0, MAX_QUERY);
    if (config.facts === 0 || !query) return [];
    const store = this.stores.of(run);
    const found = await store.search(store.namespace, { query, limit: config.facts });
    return found.map(({ value }) => value.content);
  }

  /** Made anew when more than the window holds, or the model has room for, is not told by it. */
  private async summaryOf(
    source: History,
    { messages, summary }: EarlierMessages,
    context: NodeContext<Config>,
  ): Promise<string | undefined> {
    const untold = summary ? messages.slice(messages.length - summary.after) : messages;
    const { window, model: name } = context.config;
    if (messages.length === 0) return undefined;
    const model = this.llm.resolve(name, await this.llm.keyed(context.run.workspaceId));
    const most = Math.min(window, newestWithin(untold, model.description.contextWindow * UNTOLD_OF_WINDOW));
    const keep = Math.floor(most / 2);
    const withinMs = this.limits.summaryTimeoutMs;
    const text =
      untold.length <= most
        ? summary?.text
        : await refreshedSummary(this.llm, source, context, { model, keep, withinMs });
    return text === undefined ? undefined : summaryWithin(text, model);
  }
}

/** How many of the newest messages a model has room for, roughly. */
function newestWithin(messages: readonly ChatMessage[], tokens: number): number {
  let left = tokens * BYTES_A_TOKEN;
  const first = messages.findLastIndex(({ content }) => (left -= Buffer.byteLength(content)) < 0);
  return messages.length - 1 - first;
}
