import { z } from 'zod';

/** Becomes part of the definition, where braces would make it a reference. */
const name = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^{}]*$/, 'must not hold braces');

/** What every template that asks a model takes. */
const model = {
  model: name(200).optional().describe('provider:model'),
  systemMessage: z.string().max(20_000).optional().describe('What the model is told before everything else.'),
  temperature: z.number().min(0).max(2).optional().describe('Randomness of the answer.'),
  maxTokens: z.number().int().min(1).max(1_000_000).optional().describe('Most tokens of the answer.'),
  memory: z.boolean().describe('Whether the model is given earlier messages of the conversation.'),
  memoryWindow: z.number().int().min(1).max(100).describe('How many of them.'),
  memorySummary: z
    .boolean()
    .optional()
    .describe('Whether older ones are folded into a summary that the model is told; true when absent.'),
  memoryFacts: z
    .number()
    .int()
    .min(0)
    .max(20)
    .optional()
    .describe('Most facts the model is told of those that are remembered of the user; none when absent.'),
};

const names = z.array(name(128)).max(100);

const retrieval = {
  maxDocuments: z.number().int().min(1).max(50).describe('Most passages that are found for a question.'),
  similarityThreshold: z.number().min(0).max(1).optional().describe('How alike a passage must at least be.'),
  collections: names.optional().describe('Collections to search; all that the caller may read when absent.'),
  documentIds: z.array(z.uuid()).max(100).optional().describe('Documents to search.'),
};

const tools = {
  tools: z
    .union([z.literal('*'), names])
    .describe('Names of the tools the model may use; "*" for all that are granted.'),
  maxToolCalls: z.number().int().min(1).max(50).describe('Most tool calls of a run.'),
};

export const PlainParameters = z.strictObject(model);
export const RagParameters = z.strictObject({ ...model, ...retrieval });
export const ToolsParameters = z.strictObject({ ...model, ...tools });
export const FullParameters = z.strictObject({ ...model, ...retrieval, ...tools });

export const MODES = ['plain', 'rag', 'tools', 'full'] as const;
export type Mode = (typeof MODES)[number];

/** Those of an assistant: what the chosen mode has no use for is left out of its graph. */
export const AssistantParameters = FullParameters.extend({
  mode: z.enum(MODES).describe('What it is made of: memory and a model, with documents (rag), tools, or both (full).'),
});

const MODEL_DEFAULTS = { memory: true, memoryWindow: 20 };
const RETRIEVAL_DEFAULTS = { maxDocuments: 5 };
const TOOL_DEFAULTS = { tools: '*', maxToolCalls: 10 };

/** What holds in a mode that nobody says more about. */
export const DEFAULTS = {
  plain: MODEL_DEFAULTS,
  rag: { ...MODEL_DEFAULTS, ...RETRIEVAL_DEFAULTS },
  tools: { ...MODEL_DEFAULTS, ...TOOL_DEFAULTS },
  full: { ...MODEL_DEFAULTS, ...RETRIEVAL_DEFAULTS, ...TOOL_DEFAULTS },
} as const;
