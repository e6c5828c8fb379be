import { includesScopes, permits, SCOPE } from './scope.js';

describe('permits', () => {
  it.each([
    [undefined, 'runs:write', true],
    [['runs:read'], 'runs:read', true],
    [['runs:write'], 'runs:read', true],
    [['runs:read'], 'runs:write', false],
    [['runs:write'], 'tools:read', false],
    [['runs:write'], 'xruns:read', false],
    [[], 'runs:read', false],
  ])('scopes %j for %s: %s', (scopes, needed, allowed) => {
    expect(permits(scopes, needed)).toBe(allowed);
  });
});

describe('includesScopes', () => {
  it.each([
    [undefined, undefined, true],
    [undefined, ['runs:write'], true],
    [['runs:write'], undefined, false],
    [['runs:write'], ['runs:read', 'runs:write'], true],
    [['runs:read'], ['runs:write'], false],
    [['runs:read'], ['runs:read', 'tools:read'], false],
  ])('%j includes %j: %s', (held, wanted, included) => {
    expect(includesScopes(held, wanted)).toBe(included);
  });
});

describe('SCOPE', () => {
  it.each(['runs:read', 'api-keys:write'])('accepts %s', (scope) => expect(scope).toMatch(SCOPE));
  it.each(['runs', 'runs:*', 'runs:admin', '*', 'Runs:read', 'runs:read:write', ':read', 'runs:read\n'])(
    'refuses %j',
    (scope) => expect(scope).not.toMatch(SCOPE),
  );
});
