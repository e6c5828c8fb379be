import { grant } from '../../../test/support/tool-room.js';
import type { ToolEffect, ToolRisk } from '../tool.js';
import { toolDecision, type DecisionSubject } from './tool-decision.js';

const tool = (parts: Partial<DecisionSubject['tool']> = {}): DecisionSubject['tool'] => ({
  name: 'lookup',
  source: { kind: 'builtin' },
  effect: 'read',
  risk: 'low',
  ...parts,
});

const decide = (parts: Partial<DecisionSubject> = {}) =>
  toolDecision({ tool: tool(), userId: 'u', role: 'viewer', grants: [], isEnabled: true, arguments: {}, ...parts });

describe('whether a tool may be called', () => {
  it('is yes for every member when it is built in, only reads and is of low risk', () => {
    expect(decide()).toMatchObject({
      allowed: true,
      needsApproval: false,
      reason: expect.stringContaining('only reads'),
    });
  });

  it.each<[string, Partial<DecisionSubject['tool']>]>([
    ['comes from elsewhere', { source: { kind: 'mcp', id: 's' } }],
    ['does more than read', { effect: 'idempotent' }],
    ['is of medium risk', { risk: 'medium' }],
  ])('is no without a grant when it %s', (_, parts) => {
    expect(decide({ tool: tool(parts), role: 'owner' })).toMatchObject({
      allowed: false,
      refusal: 'denied',
      reason:
        'No grant allows you to call "lookup"; ask an admin of the workspace for a grant (POST /api/v1/tools/grants).',
    });
  });

  it('is no for who is no member, whatever was granted', () => {
    expect(decide({ role: undefined, grants: [grant({ userId: 'u', role: null, level: 'admin' })] })).toMatchObject({
      allowed: false,
      refusal: 'denied',
      reason: expect.stringContaining('no member'),
    });
  });

  it('is no when the deciding grant says none, also of a built-in tool that only reads', () => {
    expect(decide({ grants: [grant({ level: 'none' })] })).toMatchObject({ allowed: false, refusal: 'denied' });
  });

  it.each<[ToolEffect, boolean]>([
    ['read', true],
    ['idempotent', false],
    ['once', false],
  ])('with a grant to read, of a tool of effect %s, is %s', (effect, allowed) => {
    expect(decide({ tool: tool({ effect }), grants: [grant({ level: 'read' })] }).allowed).toBe(allowed);
  });

  it.each<[string, ToolRisk, object, boolean, boolean]>([
    ['execute', 'high', {}, true, true],
    ['admin', 'high', {}, true, false],
    ['execute', 'medium', {}, true, false],
    ['execute', 'low', { method: 'DELETE' }, true, true],
    ['none', 'high', {}, false, true],
  ])('with a grant of level %s, of %s risk with %j, is %s, and needs an approval: %s', (...row) => {
    const [level, risk, args, allowed, needsApproval] = row;
    const grants = [grant({ level: level as 'none' })];
    const decision = decide({ tool: tool({ risk, effect: 'once' }), grants, arguments: args });
    expect(decision).toMatchObject({ allowed, needsApproval });
  });

  it.each<[string, Partial<DecisionSubject>, string]>([
    ['is switched off', { isEnabled: false }, 'switched off'],
    ['cannot be reached', { tool: tool({ unavailable: 'The server is down.' }) }, 'The server is down.'],
  ])('is no when it %s, and says so only to who may call it', (_, parts, words) => {
    expect(decide(parts)).toMatchObject({
      allowed: false,
      refusal: 'disabled',
      reason: expect.stringContaining(words),
    });
    expect(decide({ ...parts, grants: [grant({ level: 'none' })] })).toMatchObject({ refusal: 'denied' });
  });

  it('says what the risk comes from when a person must approve', () => {
    const decision = decide({ tool: tool({ name: 'deleteUser', effect: 'once' }), grants: [grant()] });
    expect(decision.reason).toMatch(
      /level "execute" allows it\. A person must approve the call: The tool's name says "delete"/,
    );
  });
});
