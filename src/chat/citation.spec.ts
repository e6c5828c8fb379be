import { citationsOf, citedNumbers } from './citation.js';

const source = (index: number, title: string) => ({
  index,
  documentId: `d${index}`,
  title,
  score: 0.5,
  snippet: title,
});

describe('citations', () => {
  it('are the numbers in brackets, each once, as they come', () => {
    expect(citedNumbers('So it is [2], and so [1, 3]. Again [2][1]. Not [x], [] or [12345].')).toEqual([2, 1, 3]);
  });

  it('name the sources of their numbers, the latest where one was shown again', () => {
    const sources = [source(1, 'first'), source(2, 'second'), source(1, 'first of the later search')];
    expect(citationsOf([2, 1, 9], sources)).toEqual([sources[1], sources[2]]);
  });

  it('are absent when no source has the number', () => {
    expect(citationsOf([7], [source(1, 'first')])).toBeUndefined();
    expect(citationsOf([], [source(1, 'first')])).toBeUndefined();
  });
});
