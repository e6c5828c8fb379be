import { z } from 'zod';

/** The parameters of every template that asks a model. */
export const ModelParameters = {
  model: z.string().max(200).optional().describe('provider:model'),
  systemMessage: z.string().max(20_000).optional().describe('What the model is told before everything else.'),
  temperature: z.number().min(0).max(2).optional(),
  maxTokens: z.number().int().min(1).max(1_000_000).optional(),
  memoryWindow: z.number().int().min(1).max(100).default(20),
};
