import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { rendered } from '../../definition/reference.js';
import { NodeType, type NodeContext, type NodeExecutor, type NodeResult } from '../node-type.js';
import { VariableName } from '../variable-name.js';

const Config = z.strictObject({
  template: z.string().min(1).max(100_000).describe('Text with references; what they name is inserted as text.'),
  output: VariableName.default('prompt').describe('The variable that receives the text.'),
});
type Config = z.output<typeof Config>;

@Injectable()
@NodeType({
  type: 'prompt',
  title: 'Prompt',
  description: 'Writes a text from a template.',
  config: Config,
  example: { template: 'Summarise for {{user.id}}: {{input.message}}' },
  ports: ['next'],
  pure: true,
  // Resolved here: a template that is nothing but a reference to a list is still text.
  raw: ['template'],
})
export class PromptNode implements NodeExecutor<Config> {
  async execute({ config, scope }: NodeContext<Config>): Promise<NodeResult> {
    const text = rendered(config.template, scope);
    return { output: { text }, variables: { [config.output]: text } };
  }
}
