import fc from 'fast-check';
import { RISKS, riskOf, type Risk } from './risk.js';

const risk = (name: string, args: unknown = {}, declared: Risk = 'low') =>
  riskOf({ declared, name, arguments: args }).risk;

describe('the risk of a tool call', () => {
  it.each(RISKS)('is the declared one, %s, when nothing raises it', (declared) => {
    expect(riskOf({ declared, name: 'lookup', arguments: { query: 'delete everything' } })).toEqual({
      risk: declared,
      reasons: [`The tool is declared as of ${declared} risk.`],
    });
  });

  it.each([
    ['deleteUser', 'high'],
    ['files__REMOVE_all', 'high'],
    ['execute', 'high'],
    ['run-shell', 'high'],
    ['administrate', 'high'],
    ['writeFile', 'medium'],
    ['updates_row', 'medium'],
    ['modify', 'medium'],
    ['sendMail', 'medium'],
    ['post-comment', 'medium'],
    ['undeleted', 'low'],
    ['calculator', 'low'],
    ['compost', 'low'],
  ] as const)('of %s is %s by its name', (name, expected) => {
    expect(risk(name)).toBe(expected);
  });

  it.each<[unknown, Risk]>([
    [{ method: 'DELETE' }, 'high'],
    [{ request: [{ method: 'post' }] }, 'medium'],
    [{ action: 'remove_user' }, 'high'],
    [{ deleteAfter: true }, 'high'],
    [{ deleteAfter: false, sendMail: null }, 'low'],
    [{ text: 'delete', query: 'execute' }, 'low'],
    [['delete'], 'low'],
    ['delete', 'low'],
    [null, 'low'],
  ])('with the arguments %j is %s', (args, expected) => {
    expect(risk('httpRequest', args)).toBe(expected);
  });

  it('says what raised it', () => {
    expect(riskOf({ declared: 'medium', name: 'removeUser', arguments: { method: 'DELETE' } })).toEqual({
      risk: 'high',
      reasons: ['The tool\'s name says "remove".', 'The argument "method" says "delete".'],
    });
  });

  it('is never below the declared one, whatever the arguments', () => {
    fc.assert(
      fc.property(fc.constantFrom(...RISKS), fc.string(), fc.jsonValue(), (declared, name, args) => {
        const verdict = riskOf({ declared, name, arguments: args });
        expect(RISKS.indexOf(verdict.risk)).toBeGreaterThanOrEqual(RISKS.indexOf(declared));
        expect(verdict.reasons.length).toBeGreaterThan(0);
      }),
    );
  });
});
