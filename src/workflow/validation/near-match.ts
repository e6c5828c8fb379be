import { quoted } from './violation.js';

const MAX_DISTANCE = 2;
const MAX_LENGTH = 64;
const MAX_CANDIDATES = 200;
const MAX_SHOWN = 3;
const MAX_SUGGESTIONS = 500;

/** " Did you mean ...?" when some candidate is written nearly like `name`, else nothing. */
export type DidYouMean = (name: string, candidates: Iterable<string>) => string;

/** For one pass over a definition: as many suggestions as are ever shown, then no more. */
export function suggestions(): DidYouMean {
  let left = MAX_SUGGESTIONS;
  return (name, candidates) => {
    if (left-- <= 0) return '';
    const near = nearMatches(name, candidates);
    return near.length === 0 ? '' : ` Did you mean ${near.map(quoted).join(' or ')}?`;
  };
}

/** The candidates written nearly like `name`, nearest first, at most three. */
export function nearMatches(name: string, candidates: Iterable<string>): readonly string[] {
  if (name.length > MAX_LENGTH) return [];
  const wanted = name.toLowerCase();
  const found: { readonly candidate: string; readonly distance: number }[] = [];
  let looked = 0;
  for (const candidate of candidates) {
    if (++looked > MAX_CANDIDATES) break;
    if (candidate === name || Math.abs(candidate.length - name.length) > MAX_DISTANCE) continue;
    const distance = distanceOf(wanted, candidate.toLowerCase());
    if (distance <= MAX_DISTANCE && distance < Math.max(wanted.length, candidate.length) / 2)
      found.push({ candidate, distance });
  }
  return found
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MAX_SHOWN)
    .map(({ candidate }) => candidate);
}

const FAR = MAX_DISTANCE + 1;

/** Levenshtein's, where it is at most MAX_DISTANCE; anything above is some larger number. Looks at nothing off the diagonal. */
function distanceOf(left: string, right: string): number {
  let row = new Uint8Array(right.length + 2).fill(FAR);
  let next = new Uint8Array(right.length + 2);
  for (let column = 0; column <= MAX_DISTANCE; column++) row[column] = column;
  for (let at = 1; at <= left.length; at++) {
    next.fill(FAR);
    if (at <= MAX_DISTANCE) next[0] = at;
    for (let column = Math.max(1, at - MAX_DISTANCE); column <= Math.min(right.length, at + MAX_DISTANCE); column++) {
      const change = left[at - 1] === right[column - 1] ? 0 : 1;
      const besideOrAbove = Math.min(next[column - 1] ?? FAR, row[column] ?? FAR);
      next[column] = Math.min(besideOrAbove + 1, (row[column - 1] ?? FAR) + change);
    }
    [row, next] = [next, row];
  }
  return row[right.length] ?? FAR;
}
