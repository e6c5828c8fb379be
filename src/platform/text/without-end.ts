/** The text without those of `characters` that it ends with. Linear, which a pattern that ends in `+$` is not. */
export function withoutEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}
