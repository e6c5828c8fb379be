import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Retrieval } from '../../../knowledge/retrieval.js';
import { RETRIEVAL_MODES, type RetrievedChunk } from '../../../knowledge/retriever.js';
import type { ChatMessage } from '../../../llm/chat-model.js';
import { formatSources } from '../../../llm/context-sources.js';
import { validationFailed } from '../../../platform/problem/http.errors.js';
import { NodeType, type NodeContext, type NodeExecutor, type NodeResult } from '../node-type.js';
import { VariableName } from '../variable-name.js';

/** The variable with the numbered sources as text, as a model is told of them. */
const CONTEXT = 'context';

const Config = z.strictObject({
  query: z
    .string()
    .min(1)
    .max(10_000)
    .optional()
    .describe('What to search for; the last message of the user when absent.'),
  collections: z
    .array(z.string().min(1).max(200))
    .max(100)
    .optional()
    .describe('Where to search; everywhere the user may read when neither this nor documentIds is given.'),
  documentIds: z.array(z.string().min(1).max(64)).max(1_000).optional().describe('The documents to search in.'),
  limit: z.number().int().min(1).max(50).default(5).describe('Most pieces that are found.'),
  threshold: z.number().min(0).max(1).optional().describe('Least score of a piece, 0 to 1.'),
  mode: z.enum(RETRIEVAL_MODES).default('hybrid').describe('By meaning (vector), by words (text) or both.'),
  output: VariableName.refine(
    (name) => name !== CONTEXT,
    `must not be "${CONTEXT}", which receives the sources as text`,
  )
    .default('sources')
    .describe(`The variable that receives what is found; "${CONTEXT}" receives it as numbered text.`),
});
type Config = z.output<typeof Config>;

@Injectable()
@NodeType({
  type: 'retrieve',
  title: 'Retrieve',
  description: 'Searches the documents; what it finds are numbered sources that a model can cite.',
  config: Config,
  example: { query: '{{input.message}}', limit: 5, threshold: 0.5 },
  ports: ['next'],
  repeatable: true,
})
export class RetrieveNode implements NodeExecutor<Config> {
  constructor(private readonly retrieval: Retrieval) {}

  lacks(): string | undefined {
    return this.retrieval.isAvailable ? undefined : 'a retriever';
  }

  async execute({ config, messages, run, signal, emit }: NodeContext<Config>): Promise<NodeResult> {
    const { output, query = lastAsked(messages), ...search } = config;
    const { workspaceId, userId } = run;
    const chunks = await this.retrieval.retrieve({ ...search, query, workspaceId, userId, signal });
    const context = formatSources(chunks.map(({ title, text }, position) => ({ index: position + 1, title, text })));
    for (const [position, chunk] of chunks.entries()) {
      const { documentId, title, uri, score } = chunk;
      emit({ type: 'source', index: position + 1, documentId, title, uri, score, snippet: snippetOf(chunk) });
    }
    return { output: { sources: chunks, context }, variables: { [output]: chunks, [CONTEXT]: context } };
  }
}

function lastAsked(messages: readonly ChatMessage[]): string {
  const asked = messages.findLast(({ role }) => role === 'user')?.content;
  if (asked) return asked;
  throw validationFailed([{ pointer: '/query', detail: 'must be given: the run has no message to search for' }]);
}

const SNIPPET_CHARACTERS = 300;

function snippetOf({ text, snippet }: RetrievedChunk): string {
  if (snippet !== undefined) return snippet;
  return text.length <= SNIPPET_CHARACTERS ? text : `${text.slice(0, SNIPPET_CHARACTERS).toWellFormed()}…`;
}
