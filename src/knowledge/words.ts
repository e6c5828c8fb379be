/** Words that say little about what a text is about, in the languages that are asked in most. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  [
    'a about after all also am an and any are as at be because been before being but by can could did do does doing',
    'for from had has have having he her here hers him his how i if in into is it its just let may me might more most',
    'must my no nor not of on only or other our out over own please she should so some such than that the their theirs',
    'them then there these they this those through to too under until up us very was we were what when where which while',
    'who whom whose why will with would you your yours tell explain describe give show know say',
    'aber als am an auch auf aus bei bin bis da das dass dem den der des die du durch ein eine einem einen einer er es',
    'für hat habe haben ich ihr im ist kann kein man mit nach nicht noch nur ob oder sein sich sie sind so über um und',
    'uns von vor war was welche welcher welches wenn wer werden wie wir wird wo zu zum zur',
    'au aux avec ce ces cette dans de des du elle en est et il ils je la le les leur mais ne nous on ou par pas pour que',
    'qui sa se ses son sont sur un une vous quel quelle quels quelles comment',
    'al como con cual cuando de del donde el ella en es esta este la las lo los más me mi muy no para pero por que se ser',
    'si sin son su sus un una y',
  ]
    .join(' ')
    .split(' '),
);

/** Longer "words" are no words. */
const MAX_WORD = 64;

/** The words of a text in their order, lower case, repeated ones included. */
export function wordsOf(text: string): readonly string[] {
  const words =
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.map((word) => word.slice(0, MAX_WORD));
}

export const isStopWord = (word: string): boolean => STOP_WORDS.has(word);

/** The distinct words that say what a query is about; all of its words when there are no others. At most 64. */
export function contentWords(query: string): readonly string[] {
  const words = [...new Set(wordsOf(query))];
  const telling = words.filter((word) => !isStopWord(word));
  return (telling.length > 0 ? telling : words).slice(0, MAX_TERMS);
}

const MAX_TERMS = 64;
