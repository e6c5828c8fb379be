import { z } from 'zod';
import type { ChatMessage } from '../../llm/chat-model.js';
import { VariableName } from './variable-name.js';

/** Roomy, as it holds for what references bring: sources, results of other nodes. */
const MAX_TEXT_CHARACTERS = 1_000_000;
const MAX_SCHEMA_CHARACTERS = 65_536;

/** The part of a configuration that every node which asks a model has. */
export const modelFields = {
  model: z.string().max(200).optional().describe('provider:model; the default model when absent.'),
  system: z.string().max(MAX_TEXT_CHARACTERS).optional().describe('What the model is told before everything else.'),
  prompt: z.string().max(MAX_TEXT_CHARACTERS).optional().describe('What is asked; the run’s messages when absent.'),
  temperature: z.number().min(0).max(2).optional().describe('How freely it words its answer.'),
  maxTokens: z.number().int().min(1).max(1_000_000).optional().describe('Most tokens of an answer.'),
  schema: z
    .record(z.string(), z.unknown())
    .refine((schema) => JSON.stringify(schema).length <= MAX_SCHEMA_CHARACTERS, {
      error: `must not be longer than ${MAX_SCHEMA_CHARACTERS} characters of JSON`,
    })
    .optional()
    .describe(
      'JSON Schema (2020-12) that the answer must follow. Patterns and formats are told to the model, not checked.',
    ),
  output: VariableName.default('text').describe(
    'The variable that receives the answer: text, or what the schema asks for.',
  ),
};

/** What is said to the model: the system message, then what is asked. */
export function saidTo(
  { system, prompt }: { readonly system?: string; readonly prompt?: string },
  messages: readonly ChatMessage[],
): readonly ChatMessage[] {
  const asked: readonly ChatMessage[] = prompt === undefined ? messages : [{ role: 'user', content: prompt }];
  return system ? [{ role: 'system', content: system }, ...asked] : asked;
}
