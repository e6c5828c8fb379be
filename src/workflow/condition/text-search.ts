const SHORT = 16;

/**
 * Whether `text` holds `part`, in time linear in both. `String.prototype.includes` alone is not: on repetitive text V8
 * takes the product of the lengths, seconds for a long part in a megabyte.
 */
export function holdsText(text: string, part: string): boolean {
  return part.length <= SHORT ? text.includes(part) : search(text, part);
}

/** Knuth, Morris and Pratt. */
function search(text: string, part: string): boolean {
  const fallbacks = fallbacksOf(part);
  let matched = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    while (matched > 0 && part.charCodeAt(matched) !== unit) matched = fallbacks[matched - 1] ?? 0;
    if (part.charCodeAt(matched) === unit) matched += 1;
    if (matched === part.length) return true;
  }
  return false;
}

/** For each prefix of `part`, the length of its longest proper prefix that is also its end. */
function fallbacksOf(part: string): Uint32Array {
  const fallbacks = new Uint32Array(part.length);
  let length = 0;
  for (let at = 1; at < part.length; at += 1) {
    const unit = part.charCodeAt(at);
    while (length > 0 && part.charCodeAt(length) !== unit) length = fallbacks[length - 1] ?? 0;
    if (part.charCodeAt(length) === unit) length += 1;
    fallbacks[at] = length;
  }
  return fallbacks;
}
