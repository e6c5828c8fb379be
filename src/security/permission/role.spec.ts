import { ROLES } from '../../platform/http/principal.js';
import { atLeast } from './role.js';

describe('atLeast', () => {
  it('orders viewer, editor, admin, owner, each with the rights of those before', () => {
    const order = ['viewer', 'editor', 'admin', 'owner'] as const;
    for (const [held, role] of order.entries()) {
      expect(order.map((least) => atLeast(role, least))).toEqual(order.map((_, needed) => held >= needed));
    }
    expect([...ROLES]).toEqual(order);
  });
});
