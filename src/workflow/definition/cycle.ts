import type { EdgeDefinition } from './definition.js';

/** The edges that lead around in a circle, or from one circle to another. A graph runs forward; only a loop node repeats. */
export function cyclicEdges(edges: readonly EdgeDefinition[]): readonly EdgeDefinition[] {
  for (let left = edges; ;) {
    const [sources, targets] = [new Set(left.map(({ from }) => from)), new Set(left.map(({ to }) => to))];
    const next = left.filter(({ from, to }) => targets.has(from) && sources.has(to));
    if (next.length === left.length) return next;
    left = next;
  }
}
