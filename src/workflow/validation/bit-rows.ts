/** Sets of small numbers, one a row; union and intersection of whole rows at once. */
export class BitRows {
  private readonly words: number;
  private readonly bits: Uint32Array;

  constructor(rows: number, columns: number) {
    this.words = Math.ceil(columns / 32);
    this.bits = new Uint32Array(rows * this.words);
  }

  has(row: number, column: number): boolean {
    return (((this.bits[row * this.words + (column >> 5)] ?? 0) >>> (column & 31)) & 1) === 1;
  }

  add(row: number, column: number): void {
    const at = row * this.words + (column >> 5);
    this.bits[at] = (this.bits[at] ?? 0) | (1 << (column & 31));
  }

  /** Adds what `other` has. */
  unite(row: number, other: number): void {
    const [to, from] = [row * this.words, other * this.words];
    for (let word = 0; word < this.words; word++)
      this.bits[to + word] = (this.bits[to + word] ?? 0) | (this.bits[from + word] ?? 0);
  }

  /** Keeps what `other` has too. */
  intersect(row: number, other: number): void {
    const [to, from] = [row * this.words, other * this.words];
    for (let word = 0; word < this.words; word++)
      this.bits[to + word] = (this.bits[to + word] ?? 0) & (this.bits[from + word] ?? 0);
  }

  clear(row: number): void {
    this.bits.fill(0, row * this.words, (row + 1) * this.words);
  }
}
