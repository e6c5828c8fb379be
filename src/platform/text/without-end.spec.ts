import { withoutEnd } from './without-end.js';

describe('a text without its end', () => {
  it('loses the named characters at its end, and no others', () => {
    expect(withoutEnd('/a/b///', '/')).toBe('/a/b');
    expect(withoutEnd('why?! ', '?! ')).toBe('why');
    expect(withoutEnd('...', '.')).toBe('');
    expect(withoutEnd('', '.')).toBe('');
    expect(withoutEnd('.a', '.')).toBe('.a');
  });
});
