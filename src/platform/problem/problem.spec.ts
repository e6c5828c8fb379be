import fc from 'fast-check';
import { Problem, problemFromBody, problemType, problemTypeOf, problemTypes } from './problem.js';

const teapot = problemType({ slug: 'teapot', status: 418, title: 'A teapot', explanation: 'It is short and stout.' });
const spout = problemType({ slug: 'spout', status: 409, title: 'No spout', explanation: 'It has none.' });

describe('a problem', () => {
  it('is an error that names its kind and what is wrong', () => {
    const cause = new Error('boiled over');
    const problem = teapot('Take a cup.', { cause });
    expect(problem).toBeInstanceOf(Error);
    expect([problem.message, problem.status, problem.cause]).toEqual(['A teapot: Take a cup.', 418, cause]);
  });

  it('has the body of RFC 9457, with its extensions', () => {
    expect(teapot('Take a cup.', { extensions: { cups: 2 } }).body()).toEqual({
      type: '/problems/teapot',
      title: 'A teapot',
      status: 418,
      detail: 'Take a cup.',
      cups: 2,
    });
  });

  it('does not let an extension take the place of a standard member', () => {
    const extensions = { type: 'x', title: 'x', status: 200, detail: 'x' };
    expect(teapot('Take a cup.', { extensions }).body()).toEqual(teapot('Take a cup.').body());
  });

  it('takes further extensions without losing headers, cause or earlier extensions', () => {
    const cause = new Error('boiled over');
    const problem = teapot('Take a cup.', {
      extensions: { cups: 2, size: 'm' },
      headers: { 'Retry-After': '1' },
      cause,
    });
    const further = problem.with({ cups: 3, runId: 'r' });
    expect(further.extensions).toEqual({ cups: 3, size: 'm', runId: 'r' });
    expect([further.headers, further.cause, further.detail]).toEqual([{ 'Retry-After': '1' }, cause, 'Take a cup.']);
    expect(problem.extensions).toEqual({ cups: 2, size: 'm' });
  });

  it('is told from problems of other kinds and from other errors', () => {
    expect(Problem.is(teapot('x'), teapot)).toBe(true);
    expect(Problem.is(teapot('x'), spout)).toBe(false);
    expect(Problem.is(new Error('x'), teapot)).toBe(false);
    expect(Problem.is(undefined, teapot)).toBe(false);
  });

  it('comes back from its stored body as the same problem', () => {
    const name = fc.string({ minLength: 1 }).filter((text) => text !== '__proto__');
    fc.assert(
      fc.property(fc.string(), fc.dictionary(name, fc.jsonValue(), { noNullPrototype: true }), (detail, extensions) => {
        const stored = JSON.stringify(teapot(detail, { extensions }).body());
        const restored = problemFromBody(JSON.parse(stored));
        expect(Problem.is(restored, teapot)).toBe(true);
        expect(JSON.stringify(restored.body())).toBe(stored);
      }),
    );
  });

  it('comes back from a body whose kind this build does not know', () => {
    const body = { type: '/problems/forgotten', title: 'Forgotten', status: 499, detail: 'Long ago.', runId: 'r' };
    expect(problemFromBody(body).body()).toEqual(body);
  });
});

describe('the kinds of problems', () => {
  it('are listed, and found by their slug alone', () => {
    expect(problemTypes()).toEqual(expect.arrayContaining([teapot.type, spout.type]));
    expect(problemTypeOf('spout')).toBe(spout.type);
    expect(problemTypeOf('constructor')).toBeUndefined();
  });

  it('have one slug each', () => {
    expect(() => problemType({ ...teapot.type })).toThrow('Two problem types are named teapot.');
  });
});
