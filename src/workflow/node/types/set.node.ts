import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { NodeType, type NodeContext, type NodeExecutor, type NodeResult } from '../node-type.js';
import { VariableName } from '../variable-name.js';

const Config = z.strictObject({
  values: z
    .record(VariableName, z.unknown())
    .refine((values) => Object.keys(values).length <= 100, 'must not set more than 100 variables')
    .describe('Variables by name. A value that is exactly one reference keeps the type of what it names.'),
});
type Config = z.output<typeof Config>;

@Injectable()
@NodeType({
  type: 'set',
  title: 'Set variables',
  description: 'Gives variables new values.',
  config: Config,
  example: { values: { language: 'en', question: '{{input.message}}' } },
  ports: ['next'],
  pure: true,
})
export class SetNode implements NodeExecutor<Config> {
  async execute({ config: { values } }: NodeContext<Config>): Promise<NodeResult> {
    return { output: values, variables: values };
  }
}
