import fc from 'fast-check';
import { loopIn, type ToolAttempt } from './loop-guard.js';

const ok = (tool: string, args: unknown = {}): ToolAttempt => ({ tool, arguments: args, failed: false });
const failed = (tool: string, args: unknown = {}): ToolAttempt => ({ tool, arguments: args, failed: true });

describe('the loop guard', () => {
  it.each<[string, ToolAttempt[][]]>([
    ['nothing', []],
    ['the same call twice', [[ok('a')], [ok('a')]]],
    ['the same tool with other arguments', [[ok('a', { n: 1 })], [ok('a', { n: 2 })], [ok('a', { n: 3 })]]],
    ['other tools with the same arguments', [[ok('a')], [ok('b')], [ok('c')]]],
    ['A-B-A', [[ok('a')], [ok('b')], [ok('a')]]],
    ['A-B-A-C', [[ok('a')], [ok('b')], [ok('a')], [ok('c')]]],
    ['A-A-B-B', [[ok('a')], [ok('a')], [ok('b')], [ok('b')]]],
    ['one error', [[failed('a')]]],
    ['an error of each of two tools', [[failed('a')], [failed('b')]]],
    ['an error that was overcome', [[failed('a')], [ok('a', 1)], [failed('a', 2)]]],
    ['two errors in one answer', [[failed('a', 1), failed('a', 2)]]],
    ['an answer in which one of two calls failed', [[failed('a', 1)], [failed('a', 2), ok('a', 3)]]],
  ])('lets %s pass', (_, answers) => {
    expect(loopIn(answers)).toBeUndefined();
  });

  it.each<[string, string, ToolAttempt[][]]>([
    ['the same call three times', '"a" was called 3 times', [[ok('a')], [ok('a')], [ok('a')]]],
    [
      'the same call with others between',
      '"a" was called 3 times',
      [[ok('a')], [ok('b')], [ok('c')], [ok('a')], [ok('a')]],
    ],
    ['the same call three times in one answer', '"a" was called 3 times', [[ok('a'), ok('a'), ok('a')]]],
    [
      'the same arguments in another order',
      '"a" was called 3 times',
      [[ok('a', { x: 1, y: 2 })], [ok('a', { y: 2, x: 1 })], [ok('a', { x: 1, y: 2 })]],
    ],
    ['A-B-A-B', 'in turns', [[ok('a')], [ok('b')], [ok('a')], [ok('b')]]],
    [
      'A-B-A-B of several calls each, in any order',
      'in turns',
      [[ok('a'), ok('b')], [ok('c')], [ok('b'), ok('a')], [ok('c')]],
    ],
    ['two errors of one tool', '"a" failed 2 times', [[failed('a', 1)], [failed('a', 2)]]],
    [
      'two errors of one tool with another between',
      '"a" failed 2 times',
      [[failed('a', 1)], [ok('b')], [failed('a', 2)]],
    ],
  ])('stops %s', (_, reason, answers) => {
    expect(loopIn(answers)).toContain(reason);
  });

  it('lets any calls pass that all differ and succeed', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer(), { maxLength: 50 }), (numbers) => {
        expect(loopIn(numbers.map((n) => [ok('a', { n })]))).toBeUndefined();
      }),
    );
  });

  it('stops any calls of few kinds within seven answers', () => {
    const call = fc.constantFrom(ok('a'), ok('b'), ok('c'));
    fc.assert(
      fc.property(fc.array(call, { minLength: 7, maxLength: 20 }), (calls) => {
        expect(loopIn(calls.map((one) => [one]))).toBeDefined();
      }),
    );
  });
});
