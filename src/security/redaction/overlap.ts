import type { Finding } from './detector.js';

/** Findings that do not overlap, in the order of the text: the longest wins, of equally long ones the first given. */
export function withoutOverlaps(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length < 2) return findings;
  const lengthOf = ({ start, end }: Finding): number => end - start;
  const kept: Finding[] = [];
  for (const finding of findings.toSorted((left, right) => lengthOf(right) - lengthOf(left)))
    if (kept.every(({ start, end }) => finding.end <= start || end <= finding.start)) kept.push(finding);
  return kept.toSorted((left, right) => left.start - right.start);
}
