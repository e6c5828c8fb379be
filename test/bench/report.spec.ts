import { distribution, median } from '../../bench/distribution.ts';
import { fakeModel } from '../../bench/fake-model.ts';
import { markdownTable } from '../../bench/markdown-table.ts';
import { typical } from '../../bench/typical.ts';

describe('the figures of the benchmark', () => {
  it('takes nearest-rank percentiles, by number and not by text', () => {
    const sample = Array.from({ length: 100 }, (_, index) => 100 - index);

    expect(distribution(sample)).toEqual({ count: 100, p50: 50, p99: 99, max: 100 });
    expect(distribution([])).toEqual({ count: 0, p50: 0, p99: 0, max: 0 });
  });

  it('takes the median of every number over the rounds, at any depth', () => {
    const round = (value: number) => ({ name: 'x', cpu: { node: value, postgres: 2 * value } });

    expect(typical([round(1), round(100), round(3)])).toEqual({ name: 'x', cpu: { node: 3, postgres: 6 } });
    expect(median([1, 2])).toBe(1.5);
  });

  it('writes rows in order under their titles', () => {
    const table = markdownTable<number>(
      [
        { title: 'n', value: String },
        { title: 'square', value: (n) => String(n * n) },
      ],
      [3, 2],
    );

    expect(table).toBe('| n | square |\n| --- | --- |\n| 3 | 9 |\n| 2 | 4 |');
  });

  it('reads a behaviour out of the name of a fake model and refuses other names', () => {
    expect(fakeModel('fake-t200-d20')).toEqual({ name: 'fake-t200-d20', tokens: 200, delayMs: 20 });
    expect(fakeModel('fake-t20')).toEqual({ name: 'fake-t20', tokens: 20, delayMs: 0 });
    expect(fakeModel('gpt-4.1')).toBeUndefined();
  });
});
