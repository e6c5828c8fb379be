import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { LLMService } from '../../../llm/llm.service.js';
import { modelAnswer } from '../model-call.js';
import { modelFields, saidTo } from '../model-fields.js';
import { NodeType, type NodeContext, type NodeExecutor, type NodeResult } from '../node-type.js';
import { readerOf } from '../structured-answer.js';

const Config = z.strictObject(modelFields);
type Config = z.output<typeof Config>;

@Injectable()
@NodeType({
  type: 'model',
  title: 'Model',
  description: 'Asks a model once; its answer streams token by token.',
  config: Config,
  example: { system: 'Answer in one sentence.', prompt: '{{input.message}}', temperature: 0.2 },
  ports: ['next'],
  repeatable: ({ temperature }) => temperature === 0,
})
export class ModelNode implements NodeExecutor<Config> {
  constructor(private readonly llm: LLMService) {}

  async execute(context: NodeContext<Config>): Promise<NodeResult> {
    const { path, config, messages } = context;
    const { temperature, maxTokens, schema, output } = config;
    const model = this.llm.resolve(config.model, await this.llm.keyed(context.run.workspaceId));
    const read = schema && (await readerOf(schema));
    const answer = await modelAnswer(this.llm, context, {
      model,
      messageKey: `${path.join('/')}-1`,
      messages: saidTo(config, messages),
      temperature,
      maxTokens,
      schema,
    });
    const { text, finishReason } = answer;
    if (!read) return { output: { text }, variables: { [output]: text }, finishReason };
    const json = read(answer);
    return { output: { text, json }, variables: { [output]: json }, finishReason };
  }
}
