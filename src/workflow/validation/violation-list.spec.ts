import { advice, fault } from './violation.js';
import { ViolationList } from './violation-list.js';

describe('the list of violations', () => {
  const list = (...violations: readonly ReturnType<typeof fault>[]) => {
    const result = new ViolationList();
    for (const violation of violations) result.add(violation);
    return result.result();
  };

  it('has errors first, in the order of the document, each once', () => {
    const { valid, violations } = list(
      advice('w', '/a', 'w', ''),
      fault('e', '/nodes/10', 'e', ''),
      fault('e', '/nodes/2', 'e', ''),
      fault('e', '/nodes/2', 'e', ''),
      fault('e', '', 'e', ''),
    );
    expect(valid).toBe(false);
    expect(violations.map(({ pointer }) => pointer)).toEqual(['', '/nodes/2', '/nodes/10', '/a']);
    expect(list(advice('w', '', 'w', '')).valid).toBe(true);
  });

  it('keeps some of every code when it is cut', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => fault('many', `/${index}`, 'm', ''));
    const { violations } = list(...many, fault('rare', '/z', 'r', ''));
    expect(violations).toHaveLength(501);
    expect(violations.filter(({ code }) => code === 'rare')).toHaveLength(1);
    expect(violations.at(-1)!.code).toBe('more-violations');
  });

  it('is bounded in characters, but never loses that there is an error', () => {
    const huge = `/${'x'.repeat(1_000_000)}`;
    const warnings = Array.from({ length: 400 }, (_, index) => advice('w', `${huge}/${index}`, 'w', ''));
    const { valid, violations } = list(...warnings, fault('e', huge, 'e', ''));
    expect(valid).toBe(false);
    expect(violations.map(({ code }) => code)).toEqual(['e', 'w', 'more-violations']);
  });
});
