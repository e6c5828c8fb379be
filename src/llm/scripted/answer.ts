import type { ChatMessage, ChatRequest, ToolCall } from '../chat-model.js';
import { NO_SOURCES, parseSources } from '../context-sources.js';
import { summaryAsked } from '../conversation-summary.js';
import { citedAnswer, missingAnswer } from './cited-answer.js';
import type { Directives } from './directives.js';
import { recall } from './recall.js';
import { repetition } from './repeat.js';
import { runningSummary } from './running-summary.js';
import { schemaValue } from './schema-value.js';
import { smallTalk } from './small-talk.js';
import { summary } from './summary.js';
import { toolAnswer } from './tool-answer.js';
import { call, chosenTools, type ChosenTool } from './tool-choice.js';

type Asked = Pick<ChatRequest, 'messages' | 'tools' | 'schema'>;

/** What the scripted model says: text, or calls of tools. */
export type ScriptedAnswer =
  | { readonly text: string; readonly toolCalls?: undefined }
  | { readonly text?: undefined; readonly toolCalls: readonly ToolCall[] };

/** How much of a message is searched for what it asks; the whole of it is still repeated or summarised. */
const MAX_QUESTION = 2_000;

/** The answer to a request; `message` is its last user message without directives. The same request has the same answer. */
export function scriptedAnswer(request: Asked, message: string, directives: Directives): ScriptedAnswer {
  const folded = summaryAsked(request.messages);
  if (folded) return { text: runningSummary(folded) };
  if (directives.tokens !== undefined) return { text: filler(directives.tokens) };
  const question = message.slice(0, MAX_QUESTION);
  const calls = toolCalls(request, question, directives);
  if (calls.length > 0) return { toolCalls: calls };
  if (request.schema !== undefined) return { text: JSON.stringify(schemaValue(request.schema, question)) };
  return { text: textAnswer(request.messages, message, question) };
}

function textAnswer(messages: readonly ChatMessage[], message: string, question: string): string {
  const results = messages.slice(lastUserIndex(messages) + 1).filter((one) => one.role === 'tool');
  if (results.length > 0) return toolAnswer(question, results);
  const told = messages.filter(({ role }) => role === 'system').map(({ content }) => content);
  const earlier = messages.slice(0, Math.max(lastUserIndex(messages), 0));
  return (
    repetition(message) ??
    summary(message, messages) ??
    recall(question, earlier.filter(isNoSource)) ??
    sourceAnswer(question, told) ??
    smallTalk(question, earlier.filter(({ role }) => role === 'user' || role === 'assistant').length)
  );
}

/** Undefined when nothing is said of sources. */
function sourceAnswer(question: string, told: readonly string[]): string | undefined {
  const sources = told.flatMap(parseSources);
  const areMissing = sources.length === 0 && told.some((text) => text.includes(NO_SOURCES));
  if (sources.length === 0 && !areMissing) return undefined;
  return citedAnswer(question, sources) ?? missingAnswer(question, sources);
}

function toolCalls({ messages, tools = [] }: Asked, question: string, { loop }: Directives): readonly ToolCall[] {
  const first = tools[0];
  if (first === undefined) return [];
  const answered = messages.length - 1 - lastUserIndex(messages);
  if (loop === undefined && answered > 0) return [];
  const chosen = chosenTools(question, tools);
  const calls = chosen.length === 0 && loop !== undefined ? [call(first, question, question)] : chosen;
  return calls.map((one, index) => ({
    id: `call_${messages.length}_${index + 1}`,
    name: one.name,
    arguments: JSON.stringify(loop === 'vary' ? varied(one, answered) : one.arguments),
  }));
}

/** The same call with another text in each round. */
function varied({ arguments: args }: ChosenTool, round: number): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [name, typeof value === 'string' ? vary(value, round) : value]),
  );
}

/** An expression stays an expression. */
const vary = (value: string, round: number): string =>
  /^[\d.+\-*/%^()\s]+$/.test(value) ? `${value} + ${round}` : `${value} (${round})`;

function lastUserIndex(messages: readonly ChatMessage[]): number {
  return messages.findLastIndex(({ role }) => role === 'user');
}

const isNoSource = ({ role, content }: ChatMessage): boolean => role !== 'system' || parseSources(content).length === 0;

/** A text of exactly this many tokens. */
function filler(tokens: number): string {
  return Array.from({ length: tokens }, (_, index) => FILLER[index % FILLER.length]).join(' ');
}

const FILLER = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
