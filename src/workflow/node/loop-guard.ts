import { canonicalJson } from '../../platform/schema/canonical-json.js';

/** A tool call that a model has made. */
export interface ToolAttempt {
  readonly tool: string;
  readonly arguments: unknown;
  readonly failed: boolean;
}

/** How often the same call may be made. */
const MAX_SAME = 3;
/** How often in a row a tool may fail. */
const MAX_FAILURES = 2;

/**
 * Whether a model goes round in circles: the same tool with the same arguments 3 times, two different answers in turns
 * (A-B-A-B), or a tool that failed in the last 2 answers that called it.
 * @param answers the calls of each answer of the model, oldest first
 * @returns what goes on, as a sentence; undefined while nothing does
 */
export function loopIn(answers: readonly (readonly ToolAttempt[])[]): string | undefined {
  return repetition(answers.flat()) ?? alternation(answers) ?? failures(answers);
}

function repetition(attempts: readonly ToolAttempt[]): string | undefined {
  const alike = [...Map.groupBy(attempts, signature).values()].find(({ length }) => length >= MAX_SAME);
  return alike?.[0] && `The tool "${alike[0].tool}" was called ${MAX_SAME} times with the same arguments.`;
}

function alternation(answers: readonly (readonly ToolAttempt[])[]): string | undefined {
  const [a, b, c, d] = answers.slice(-4).map((attempts) => attempts.map(signature).sort().join('\n'));
  if (d === undefined || a === b || a !== c || b !== d) return undefined;
  return 'The same two steps were taken in turns, twice.';
}

function failures(answers: readonly (readonly ToolAttempt[])[]): string | undefined {
  const tools = new Set(answers.flat().map(({ tool }) => tool));
  const failing = [...tools].find((tool) => {
    const own = answers
      .map((attempts) => attempts.filter((attempt) => attempt.tool === tool))
      .filter(({ length }) => length > 0);
    const last = own.slice(-MAX_FAILURES);
    return last.length === MAX_FAILURES && last.every((attempts) => attempts.every(({ failed }) => failed));
  });
  return failing === undefined ? undefined : `The tool "${failing}" failed ${MAX_FAILURES} times in a row.`;
}

const signature = ({ tool, arguments: args }: ToolAttempt): string => `${tool} ${canonicalJson(args)}`;
