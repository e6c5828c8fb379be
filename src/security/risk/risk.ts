export const RISKS = ['low', 'medium', 'high'] as const;
export type Risk = (typeof RISKS)[number];

export interface RiskSubject {
  /** What the tool's author says of it. */
  readonly declared: Risk;
  readonly name: string;
  readonly arguments: unknown;
}

export interface RiskVerdict {
  readonly risk: Risk;
  /** Why it is that, and not lower: sentences. */
  readonly reasons: readonly string[];
}

/** How risky a tool call is: as declared, or as its name or its arguments say, whichever is the highest. */
export function riskOf({ declared, name, arguments: args }: RiskSubject): RiskVerdict {
  const signs: readonly Sign[] = [
    { risk: declared, reason: `The tool is declared as of ${declared} risk.` },
    ...wordsOf(name).flatMap((word) => signOf(word, `The tool's name says "${word}".`)),
    ...signsIn(args),
  ];
  const risk = signs.reduce<Risk>((highest, sign) => (isAbove(sign.risk, highest) ? sign.risk : highest), 'low');
  return { risk, reasons: [...new Set(signs.filter((sign) => sign.risk === risk).map(({ reason }) => reason))] };
}

/** A word that begins so raises the risk: "delete", "deletes", "deleted". */
const WORDS: readonly (readonly [string, Risk])[] = [
  ...['delete', 'remove', 'execute', 'shell', 'admin'].map((word) => [word, 'high'] as const),
  ...['write', 'update', 'modify', 'send', 'post'].map((word) => [word, 'medium'] as const),
];

/** Arguments whose value says what is done. The values of others are content: a search for "delete" deletes nothing. */
const DEEDS: ReadonlySet<string> = new Set(['action', 'command', 'method', 'mode', 'operation', 'verb']);

const MAX_ARGUMENTS = 1_000;
const MAX_DEED = 64;

interface Sign {
  readonly risk: Risk;
  readonly reason: string;
}

const isAbove = (risk: Risk, other: Risk): boolean => RISKS.indexOf(risk) > RISKS.indexOf(other);

/** "deleteUser", "delete_user" and "DELETE-USER" alike, in small letters. */
const wordsOf = (name: string): readonly string[] =>
  (name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []).map((word) => word.toLowerCase());

function signOf(word: string, reason: string): readonly Sign[] {
  const found = WORDS.find(([beginning]) => word.startsWith(beginning));
  return found ? [{ risk: found[1], reason }] : [];
}

/** Of the arguments' names, as far as they are not switched off, and of the values of {@link DEEDS}. */
function signsIn(args: unknown): readonly Sign[] {
  const signs: Sign[] = [];
  const left: unknown[] = [args];
  for (let seen = 0; left.length > 0 && seen < MAX_ARGUMENTS; seen++) {
    const value = left.pop();
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, member] of Object.entries(value).slice(0, MAX_ARGUMENTS)) {
      if (member === false || member === null || member === undefined) continue;
      if (!Array.isArray(value)) signs.push(...signsOf(name, member));
      left.push(member);
    }
  }
  return signs;
}

function signsOf(name: string, value: unknown): readonly Sign[] {
  const shown = name.slice(0, MAX_DEED).toWellFormed();
  const named = wordsOf(name.slice(0, MAX_DEED)).flatMap((word) => signOf(word, `The argument "${shown}" is given.`));
  if (typeof value !== 'string' || !DEEDS.has(name.toLowerCase())) return named;
  const deed = wordsOf(value.slice(0, MAX_DEED));
  return [...named, ...deed.flatMap((word) => signOf(word, `The argument "${shown}" says "${word}".`))];
}
