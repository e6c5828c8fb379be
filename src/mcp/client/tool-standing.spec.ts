import { declaredEffect, declaredRisk, obstacle, statusOf, type KnownTool } from './tool-standing.js';

const hints = (parts: Partial<Parameters<typeof declaredEffect>[0]> = {}) => ({
  readOnly: false,
  destructive: false,
  idempotent: false,
  ...parts,
});
const known = (parts: Partial<KnownTool>): KnownTool => ({ name: 't', offeredName: 's__t', ...parts });
const server = { name: 's', enabled: true };

describe('a known tool', () => {
  it.each([
    ['approved', { approvedHash: 'a', listedHash: 'a' }, undefined],
    ['changed', { approvedHash: 'a', listedHash: 'b' }, 'has changed this tool'],
    ['new', { listedHash: 'a' }, 'has added this tool'],
    ['approved', { approvedHash: 'a', listedHash: 'a', fault: 'Its schema is none.' }, 'Its schema is none.'],
  ])('is %s with %j', (status, parts, reason) => {
    expect(statusOf(known(parts))).toBe(status);
    const found = obstacle(known(parts), server);
    if (reason === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(reason);
  });

  it('is removed when it is not listed', () => {
    expect(statusOf(known({ approvedHash: 'a' }))).toBe('removed');
  });

  it('cannot be called while its server is off', () => {
    expect(obstacle(known({ approvedHash: 'a', listedHash: 'a' }), { name: 's', enabled: false })).toContain(
      'disabled',
    );
  });
});

describe('the risk of a tool', () => {
  it.each([
    [{}, undefined, 'medium'],
    [{}, 'low', 'medium'],
    [{}, 'high', 'high'],
    [{ readOnly: true }, undefined, 'medium'],
    [{ readOnly: true }, 'low', 'low'],
    [{ readOnly: true }, 'high', 'high'],
    [{ idempotent: true }, 'low', 'medium'],
    [{ destructive: true }, undefined, 'high'],
    [{ destructive: true }, 'low', 'high'],
    [{ destructive: true, readOnly: true }, 'low', 'high'],
  ] as const)('with the hints %j and the word %j is %s', (given, declared, risk) => {
    expect(declaredRisk(hints(given), declared)).toBe(risk);
  });
});

describe('the effect of a tool', () => {
  it.each([
    [{}, 'once'],
    [{ destructive: true }, 'once'],
    [{ idempotent: true }, 'idempotent'],
    [{ readOnly: true }, 'read'],
    [{ readOnly: true, destructive: true }, 'once'],
  ] as const)('with the hints %j is %s', (given, effect) => {
    expect(declaredEffect(hints(given))).toBe(effect);
  });
});
