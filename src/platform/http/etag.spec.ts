import { etagOf, expectedVersions } from './etag.js';

describe('entity tags', () => {
  it('are read back as the version they were made of', () => {
    expect(expectedVersions(etagOf(7))).toEqual([7]);
  });

  it('may be listed, and may come back weak from a proxy', () => {
    expect(expectedVersions('"1", W/"22" , "3"')).toEqual([1, 22, 3]);
  });

  it.each([undefined, '*', ' * '])('expect nothing when the header is %p', (header) => {
    expect(expectedVersions(header)).toBeUndefined();
  });

  it.each(['', '7', '"abc"', '"99999999999"', '"-1"'])('match no version when foreign: %p', (header) => {
    expect(expectedVersions(header)).toEqual([]);
  });
});
