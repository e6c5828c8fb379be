export interface Near {
  readonly id: string;
  /** The cosine. */
  readonly similarity: number;
}

/** Vectors of one document, one after the other. */
export interface VectorBlock {
  readonly ids: readonly string[];
  readonly vectors: Float32Array;
}

/** The `count` nearest of all that it is shown. */
export class Nearest {
  private readonly found: Near[] = [];
  private least = -Infinity;

  constructor(
    private readonly vector: Float32Array,
    private readonly count: number,
  ) {}

  /** Blocks of other dimensions are of another model: nothing in them is near. */
  see({ ids, vectors }: VectorBlock): void {
    const { vector } = this;
    const { length } = vector;
    if (vectors.length !== ids.length * length) return;
    for (let row = 0, at = 0; row < ids.length; row++, at += length) {
      let sum = 0;
      for (let place = 0; place < length; place++) sum += (vector[place] ?? 0) * (vectors[at + place] ?? 0);
      if (sum > this.least) this.keep({ id: ids[row] ?? '', similarity: sum });
    }
  }

  /** Nearest first. */
  result(): readonly Near[] {
    return this.found;
  }

  private keep(near: Near): void {
    const { found, count } = this;
    let place = found.length;
    while (place > 0 && (found[place - 1]?.similarity ?? 0) < near.similarity) place--;
    found.splice(place, 0, near);
    if (found.length > count) found.pop();
    if (found.length === count) this.least = found.at(-1)?.similarity ?? -Infinity;
  }
}
