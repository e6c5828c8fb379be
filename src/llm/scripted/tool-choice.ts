import { withoutEnd } from '../../platform/text/without-end.js';
import type { ToolSpecification } from '../chat-model.js';
import { arithmeticIn } from './arithmetic.js';
import { schemaValue } from './schema-value.js';
import { contentWords, shared } from './words.js';

/** A tool to call and the arguments for it. */
export interface ChosenTool {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** A purpose that words alone would miss: how a tool of it looks, and what in a message asks for it. */
interface Purpose {
  readonly tool: RegExp;
  /** The text the tool should get, when the message asks for this purpose. */
  readonly asked: (message: string) => string | undefined;
  /** Shared words alone do not ask for such a tool. */
  readonly strict?: boolean;
}

const PURPOSES: readonly Purpose[] = [
  { tool: /calc|arithmetic|math|evaluat/i, asked: arithmeticIn, strict: true },
  {
    tool: /time|clock|date|now/i,
    asked: (message) =>
      /\bwhat(?:'s| is)? (?:the )?(?:current )?(?:time|date|day)\b|\bcurrent (?:time|date)\b|\btime is it\b|\btoday's date\b/i.test(
        message,
      )
        ? message
        : undefined,
  },
  { tool: /search|lookup|look_up|find|retriev|knowledge/i, asked: searched },
];

const SEARCH =
  /\b(?:search(?: the)?(?: knowledge(?: base)?| documents?| web)?(?: for)?|look up|find(?: out)?(?: about)?|google)\b\s*:?\s*/i;
const GENERIC_VERBS = new Set(['get', 'fetch', 'run', 'do', 'list', 'read', 'make', 'call', 'tool', 'execut']);

/** The tools a message asks for, in the order of the tools: those it names, else those of a known purpose, else by shared words. */
export function chosenTools(message: string, tools: readonly ToolSpecification[]): readonly ChosenTool[] {
  const named = tools.filter(({ name }) => mentions(message, name));
  if (named.length > 0) return named.map((tool) => call(tool, purposeOf(tool)?.asked(message) ?? message, message));
  const purposeful = PURPOSES.flatMap(({ tool: looksRight, asked }) => {
    const text = asked(message);
    const tool =
      text === undefined
        ? undefined
        : (tools.find(({ name }) => looksRight.test(name)) ??
          tools.find(({ description }) => looksRight.test(description)));
    return tool === undefined || text === undefined ? [] : [call(tool, text, message)];
  });
  if (purposeful.length > 0)
    return purposeful.filter(({ name }, index) => purposeful.findIndex((other) => other.name === name) === index);
  const similar = tools.filter((tool) => !purposeOf(tool)?.strict && resembles(message, tool)).slice(0, 1);
  return similar.map((tool) => call(tool, message, message));
}

/** The call of a tool: JSON that the message spells out, else the required arguments filled from `text`. */
export function call({ name, parameters }: ToolSpecification, text: string, message: string): ChosenTool {
  const filled = schemaValue({ type: 'object', ...parameters }, text);
  return { name, arguments: spelledOut(message) ?? (filled as Readonly<Record<string, unknown>>) };
}

const purposeOf = ({ name }: ToolSpecification): Purpose | undefined => PURPOSES.find(({ tool }) => tool.test(name));

function searched(message: string): string | undefined {
  const match = SEARCH.exec(message);
  if (!match) return undefined;
  const query = withoutEnd(message.slice(match.index + match[0].length), '?.! \t\r\n');
  return query === '' ? message : query;
}

/** Whether the message names the tool as one word; a name that is also a plain word needs a verb of use before it. */
function mentions(message: string, name: string): boolean {
  const text = message.toLowerCase();
  const at = text.indexOf(name.toLowerCase());
  if (at < 0 || /\w/.test(text.charAt(at - 1)) || /\w/.test(text.charAt(at + name.length))) return false;
  return (
    /[_\W]|[a-z][A-Z]/.test(name) || /\b(?:use|call|run|invoke|with) (?:the )?(?:tool )?["'`]?$/.test(text.slice(0, at))
  );
}

function resembles(message: string, { name, description }: ToolSpecification): boolean {
  const wanted = contentWords(message);
  const nameWords = new Set([...contentWords(spaced(name))].filter((word) => !GENERIC_VERBS.has(word)));
  const hits = shared(nameWords, wanted);
  if (hits === 0) return false;
  return hits === nameWords.size || shared(contentWords(description), wanted) >= 3;
}

const spaced = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/[_\W]+/g, ' ');

/** A JSON object inside the message, from its first to its last brace. */
function spelledOut(message: string): Readonly<Record<string, unknown>> | undefined {
  const from = message.indexOf('{');
  if (from < 0) return undefined;
  try {
    const parsed: unknown = JSON.parse(message.slice(from, message.lastIndexOf('}') + 1));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
