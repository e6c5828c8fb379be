import { withoutEnd } from '../../platform/text/without-end.js';

const SPOKEN: readonly (readonly [RegExp, string])[] = [
  [/\bmultiplied by\b|\btimes\b/gi, '*'],
  [/\bdivided by\b|\bover\b/gi, '/'],
  [/\bto the power of\b|\*\*/gi, '^'],
  [/\bplus\b/gi, '+'],
  [/\bminus\b/gi, '-'],
  [/% of\b/gi, ' / 100 *'],
  [/[×·]/g, '*'],
  [/÷/g, '/'],
  [/−/g, '-'],
];
const DATE = /\b\d{4}-\d{2}-\d{2}\S*/g;
const RUN = /[\d.+\-*/%^()\s]+/g;
const CUE = /\b(?:calculat\w*|comput\w*|evaluat\w*|what(?:'s| is)|how much|result|solve)\b|=/i;

/** The arithmetic expression a message asks about, such as `(2 + 3) * 4`; undefined when there is none. */
export function arithmeticIn(message: string): string | undefined {
  const text = SPOKEN.reduce(
    (sum, [word, sign]) => sum.replace(word, ` ${sign} `),
    message.slice(0, 2000).replace(DATE, ' '),
  );
  const expressions = (text.match(RUN) ?? []).map(tidy).filter(isExpression);
  const expression = expressions.sort((a, b) => b.length - a.length)[0];
  if (expression === undefined) return undefined;
  const isBareNumberPair = /^\d+-\d+$/.test(expression);
  return isBareNumberPair && !CUE.test(message) ? undefined : expression;
}

/** Without what punctuation and brackets of the sentence left at the ends. */
function tidy(run: string): string {
  let text = run.trim().replace(/\s+/g, ' ');
  text = withoutEnd(text.replace(/^[*/%^.)\s]+/, ''), '+-*/^.( ');
  const open = text.split('(').length;
  const close = text.split(')').length;
  for (let surplus = close - open; surplus > 0 && /[) ]$/.test(text); surplus -= 1) text = text.slice(0, -1);
  return text.trim();
}

function isExpression(text: string): boolean {
  return /\d\)*\s?[+\-*/%^]\s?[-(]*\d/.test(text) && text.split('(').length === text.split(')').length;
}
