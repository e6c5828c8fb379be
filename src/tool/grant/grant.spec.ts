import fc from 'fast-check';
import { grant } from '../../../test/support/tool-room.js';
import { ROLES } from '../../platform/http/principal.js';
import { decidingGrant, GRANT_LEVELS, type Grant } from './grant.js';

const SERVER = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';
const TOOL = { name: 'crm__find', source: { kind: 'mcp' as const, id: SERVER } };
const NOBODY = { userId: null, role: null, tool: null, pattern: null, serverId: null };

const USER = { ...NOBODY, userId: 'u' };
const ROLE = { ...NOBODY, role: 'editor' as const };
/** In the order in which they decide. */
const LADDER: readonly Grant[] = [
  grant({ ...USER, id: 'user tool', tool: 'crm__find' }),
  grant({ ...USER, id: 'user pattern', pattern: 'crm__*' }),
  grant({ ...USER, id: 'user server', serverId: SERVER }),
  grant({ ...ROLE, id: 'role tool', tool: 'crm__find' }),
  grant({ ...ROLE, id: 'role pattern', pattern: 'c*' }),
  grant({ ...ROLE, id: 'role server', serverId: SERVER }),
];

const decided = (grants: readonly Grant[], role: (typeof ROLES)[number] = 'editor') =>
  decidingGrant(grants, { userId: 'u', role, tool: TOOL })?.id;

describe('the grant that decides', () => {
  it('is the most particular one: user before role, tool before pattern before server', () => {
    for (const [first] of LADDER.entries()) {
      const left = LADDER.slice(first);
      expect(decided(left.toReversed())).toBe(left[0]!.id);
    }
    expect(decided([])).toBeUndefined();
  });

  it('is none that has expired, or is for others', () => {
    expect(decided(LADDER.map((one) => ({ ...one, isExpired: true })))).toBeUndefined();
    const others: readonly Grant[] = [
      grant({ ...USER, userId: 'v', tool: 'crm__find' }),
      grant({ ...USER, tool: 'crm__finder' }),
      grant({ ...USER, pattern: 'crm__find_*' }),
      grant({ ...USER, serverId: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2c' }),
      grant({ ...ROLE, role: 'admin', tool: 'crm__find' }),
    ];
    expect(decided(others)).toBeUndefined();
  });

  it.each(ROLES)('of a role counts for that role, %s, and those above', (role) => {
    const counts = ROLES.map((held) => decided([grant({ ...ROLE, role, pattern: '*' })], held) !== undefined);
    expect(counts).toEqual(ROLES.map((_, held) => held >= ROLES.indexOf(role)));
  });

  it('means by a pattern the beginning of a name, and no pattern of its own', () => {
    expect(decidingGrant([grant({ pattern: 'a.c*' })], { userId: 'u', role: 'owner', tool: TOOL })).toBeUndefined();
  });

  it('among equals is one that denies, else the one that allows most, whatever their order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...GRANT_LEVELS), { minLength: 1 }), (levels) => {
        const grants = levels.map((level, id) => grant({ id: String(id), level, pattern: '*' }));
        const level = decidingGrant(grants, { userId: 'u', role: 'owner', tool: TOOL })?.level;
        const most = GRANT_LEVELS[Math.max(...levels.map((each) => GRANT_LEVELS.indexOf(each)))];
        expect(level).toBe(levels.includes('none') ? 'none' : most);
      }),
    );
  });
});
