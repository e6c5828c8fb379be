/** The text of one model token, everywhere in the benchmark: an answer's length tells how many tokens arrived. */
export const TOKEN = ' tok';

/** The whole answer of a model that says `tokens` tokens. */
export function answerText(tokens: number): string {
  return TOKEN.repeat(tokens);
}

/** Characters of answer text as model tokens. */
export function tokensOf(characters: number): number {
  return characters / TOKEN.length;
}
