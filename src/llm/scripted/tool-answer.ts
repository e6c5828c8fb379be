import type { ChatMessage, ContextSource } from '../chat-model.js';
import { citedAnswer } from './cited-answer.js';
import { excerpt } from './words.js';

type ToolMessage = Extract<ChatMessage, { role: 'tool' }>;
type Fields = Readonly<Record<string, unknown>>;

const MAX_RESULT = 1_500;

/** The answer that the results of tools give to a question, one sentence a tool. */
export function toolAnswer(question: string, results: readonly ToolMessage[]): string {
  return results.map((result) => sentence(question, result)).join('\n');
}

function sentence(question: string, { name, content }: ToolMessage): string {
  const result = parsed(content);
  const failure = failureIn(result);
  if (failure !== undefined) return `The tool ${name} gave no result: ${excerpt(failure, 300)}`;
  const found = sourcesIn(result);
  return (
    (found.length > 0 ? citedAnswer(question, found) : undefined) ??
    `The tool ${name} answered: ${excerpt(shown(result), MAX_RESULT)}`
  );
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return content;
  }
}

function failureIn(result: unknown): string | undefined {
  const { problem, error, detail, status } = fieldsOf(result);
  const reason =
    fieldsOf(problem)['detail'] ?? fieldsOf(error)['message'] ?? error ?? (Number(status) >= 400 ? detail : undefined);
  return typeof reason === 'string' ? reason : undefined;
}

/** The value itself where the result only wraps one. */
function shown(result: unknown): string {
  const { result: inner, value, output, answer } = fieldsOf(result);
  const wrapped = [inner, value, output, answer].find((candidate) => candidate !== undefined) ?? result;
  return typeof wrapped === 'string' ? wrapped : JSON.stringify(wrapped);
}

/** Search results read as numbered sources. */
function sourcesIn(result: unknown): readonly ContextSource[] {
  const { items, results, sources, result: inner } = fieldsOf(result);
  const list = [items, results, sources, inner, result].find((candidate) => Array.isArray(candidate)) as
    unknown[] | undefined;
  return (list ?? []).slice(0, 50).flatMap((item, position) => {
    const { title, text, snippet, content } = fieldsOf(item);
    const body = [text, snippet, content].find((candidate) => typeof candidate === 'string');
    return body === undefined
      ? []
      : [{ index: position + 1, title: typeof title === 'string' ? title : '', text: body as string }];
  });
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
