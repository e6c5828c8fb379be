import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import type { AuditEntry, ProvenEntry } from './audit-entry.js';
import { CHAIN_START, entryMac, headMac, linkAfter, type Authenticate, type Link } from './chain.js';

const authenticate: Authenticate = (text) => createHmac('sha256', 'key').update(text).digest();

const ENTRY: AuditEntry = {
  id: 'a',
  workspaceId: 'w',
  actorId: 'u',
  action: 'member.added',
  subject: 'user:b',
  outcome: 'ok',
  detail: '{"role":"editor"}',
  traceId: 't',
  at: '2026-11-27T09:30:00.123000Z',
};

const proven = (parts: Partial<AuditEntry>): ProvenEntry => {
  const entry = { ...ENTRY, ...parts };
  return { ...entry, mac: entryMac(entry, authenticate) };
};
const endOf = (subjects: readonly string[], chain = 'w'): Link =>
  subjects.reduce<Link>((last, subject) => linkAfter(last, proven({ subject }), chain, authenticate), CHAIN_START);

describe('the proof of an entry', () => {
  it.each(Object.keys(ENTRY) as (keyof AuditEntry)[])('is another one for another %s', (member) => {
    const proof = entryMac(ENTRY, authenticate);
    expect(entryMac({ ...ENTRY, [member]: 'other' }, authenticate)).not.toEqual(proof);
    expect(entryMac({ ...ENTRY, [member]: '' }, authenticate)).not.toEqual(proof);
  });

  it('does not confuse where one member ends and the next begins', () => {
    const [left, right] = [
      { ...ENTRY, action: 'ab', subject: 'c' },
      { ...ENTRY, action: 'a', subject: 'bc' },
    ];
    expect(entryMac(left, authenticate)).not.toEqual(entryMac(right, authenticate));
  });
});

describe('the end of a chain', () => {
  it('holds everything before it: which entries, in which order, in which chain', () => {
    const subjects = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(subjects, subjects, (left, right) => {
        expect(endOf(left).hash.equals(endOf(right).hash)).toBe(left.join() === right.join());
      }),
    );
    expect(endOf(['a'], 'w').hash).not.toEqual(endOf(['a'], 'x').hash);
    expect(endOf(['a', 'b', 'c']).position).toBe(3);
  });

  it('has a proof of its own, for its chain, place and hash', () => {
    const end = endOf(['a', 'b']);
    const proof = headMac('w', end, authenticate);
    expect(headMac('x', end, authenticate)).not.toEqual(proof);
    expect(headMac('w', { ...end, position: 1 }, authenticate)).not.toEqual(proof);
    expect(headMac('w', { ...end, hash: CHAIN_START.hash }, authenticate)).not.toEqual(proof);
  });
});
