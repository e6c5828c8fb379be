import fc from 'fast-check';
import { ROLES } from '../../platform/http/principal.js';
import { judgeMemberChange, type MemberChange } from './member-policy.js';

const change = (parts: Partial<MemberChange>): MemberChange => ({
  by: 'owner',
  isSelf: false,
  owners: 2,
  isTheirPersonal: false,
  ...parts,
});

describe('judgeMemberChange', () => {
  it.each<[string, Partial<MemberChange>, string]>([
    ['an admin adds an editor', { by: 'admin', to: 'editor' }, 'allowed'],
    ['an admin adds an admin', { by: 'admin', to: 'admin' }, 'allowed'],
    ['an admin adds an owner', { by: 'admin', to: 'owner' }, 'needsOwner'],
    ['an admin makes himself owner', { by: 'admin', isSelf: true, from: 'admin', to: 'owner' }, 'needsOwner'],
    ['an admin demotes an owner', { by: 'admin', from: 'owner', to: 'editor' }, 'needsOwner'],
    ['an admin removes an owner', { by: 'admin', from: 'owner' }, 'needsOwner'],
    ['an admin removes an editor', { by: 'admin', from: 'editor' }, 'allowed'],
    ['an editor adds a viewer', { by: 'editor', to: 'viewer' }, 'needsAdmin'],
    ['an editor promotes himself', { by: 'editor', isSelf: true, from: 'editor', to: 'admin' }, 'needsAdmin'],
    ['a viewer removes an editor', { by: 'viewer', from: 'editor' }, 'needsAdmin'],
    ['a viewer leaves', { by: 'viewer', isSelf: true, from: 'viewer' }, 'allowed'],
    ['one of two owners leaves', { isSelf: true, from: 'owner' }, 'allowed'],
    ['the last owner leaves', { isSelf: true, from: 'owner', owners: 1 }, 'lastOwner'],
    ['the last owner steps down', { isSelf: true, from: 'owner', to: 'admin', owners: 1 }, 'lastOwner'],
    ['the last owner stays owner', { isSelf: true, from: 'owner', to: 'owner', owners: 1 }, 'allowed'],
    ['an owner demotes another', { from: 'owner', to: 'viewer' }, 'allowed'],
    ['an owner removes the person of a personal workspace', { from: 'owner', isTheirPersonal: true }, 'personalOwner'],
    [
      'the person of a personal workspace steps down',
      { isSelf: true, from: 'owner', to: 'admin', isTheirPersonal: true },
      'personalOwner',
    ],
    ['a member leaves the personal workspace of another', { by: 'editor', isSelf: true, from: 'editor' }, 'allowed'],
  ])('%s: %s', (_, parts, verdict) => {
    expect(judgeMemberChange(change(parts))).toBe(verdict);
  });

  it('never leaves a workspace without an owner and never lets a lesser role touch one', () => {
    const role = fc.constantFrom(...ROLES);
    const optional = fc.option(role, { nil: undefined });
    fc.assert(
      fc.property(
        role,
        fc.boolean(),
        optional,
        optional,
        fc.integer({ min: 1, max: 3 }),
        (by, isSelf, from, to, owners) => {
          if (judgeMemberChange({ by, isSelf, from, to, owners, isTheirPersonal: false }) !== 'allowed') return;
          expect(owners - (from === 'owner' ? 1 : 0) + (to === 'owner' ? 1 : 0)).toBeGreaterThanOrEqual(1);
          if (by !== 'owner') expect([from, to]).not.toContain('owner');
        },
      ),
    );
  });
});
