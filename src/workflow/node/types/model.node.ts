import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { ChatDelta, ChatMessage, TokenUsage } from '../../../llm/chat-model.js';
import { LLMService } from '../../../llm/llm.service.js';
import { NodeType, type NodeContext, type NodeExecutor, type NodeResult } from '../node-type.js';

const Config = z.strictObject({
  model: z.string().max(200).optional().describe('provider:model; the default model when absent.'),
  system: z.string().max(20_000).optional().describe('What the model is told before everything else.'),
  prompt: z.string().max(100_000).optional().describe('What is asked; the run’s messages when absent.'),
  temperature: z.number().min(0).max(2).optional(),
  maxTokens: z.number().int().min(1).max(1_000_000).optional().describe('Most tokens of the answer.'),
  output: z.string().max(64).default('text').describe('The variable that receives the answer.'),
});
type Config = z.output<typeof Config>;

@Injectable()
@NodeType({
  type: 'model',
  title: 'Model',
  description: 'Asks a model once; its answer streams token by token.',
  config: Config,
  ports: ['next'],
})
export class ModelNode implements NodeExecutor<Config> {
  constructor(private readonly llm: LLMService) {}

  async execute({ nodeId, config, messages, signal, emit, room }: NodeContext<Config>): Promise<NodeResult> {
    const model = this.llm.resolve(config.model).id;
    const messageKey = `${nodeId}-1`;
    const answer = { text: '', usage: undefined as TokenUsage | undefined, finishReason: 'stop' };
    const request = {
      model,
      messages: conversation(config, messages),
      temperature: config.temperature,
      maxTokens: config.maxTokens,
      signal,
    };
    for await (const deltas of this.llm.stream(request)) {
      for (const delta of joined(deltas)) take(delta);
      const full = room();
      if (full) await full;
    }
    if (answer.usage) emit({ type: 'usage', usage: answer.usage, cost: this.llm.cost(model, answer.usage), model });
    const text = answer.text.toWellFormed();
    return { output: { text }, variables: { [config.output]: text }, finishReason: answer.finishReason };

    function take(delta: ChatDelta): void {
      switch (delta.type) {
        case 'text': {
          const content = storable(delta.text);
          answer.text += content;
          return emit({ type: 'token', content, messageKey });
        }
        case 'thinking':
          return emit({ type: 'thinking', content: storable(delta.text), messageKey });
        case 'usage':
          answer.usage = delta.usage;
          return;
        case 'finish':
          answer.finishReason = delta.reason;
          return;
        case 'toolCall':
          return;
      }
    }
  }
}

/** What one upstream read brought, with its text in one piece. */
function joined(deltas: readonly ChatDelta[]): readonly ChatDelta[] {
  if (deltas.length < 2) return deltas;
  const result: ChatDelta[] = [];
  for (const delta of deltas) {
    const last = result.at(-1);
    if (last?.type === 'text' && delta.type === 'text')
      result[result.length - 1] = { type: 'text', text: last.text + delta.text };
    else result.push(delta);
  }
  return result;
}

/** PostgreSQL stores no NUL. */
const storable = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '') : text);

function conversation(config: Config, messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const asked: readonly ChatMessage[] =
    config.prompt === undefined ? messages : [{ role: 'user', content: config.prompt }];
  return config.system ? [{ role: 'system', content: config.system }, ...asked] : asked;
}
