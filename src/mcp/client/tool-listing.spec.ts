import type { ListedTool } from './tool-definition.js';
import { afterListing } from './tool-listing.js';
import { statusOf, type KnownTool } from './tool-standing.js';

const listed = (name: string, hash = `${name}1`, fault?: string): ListedTool => ({
  name,
  hash,
  definition: {
    title: name,
    description: hash,
    inputSchema: { type: 'object' },
    hints: { readOnly: false, destructive: false, idempotent: false },
  },
  ...(fault !== undefined && { fault }),
});
const FIRST = { name: 's', isListed: false };
const LATER = { name: 's', isListed: true };
const statuses = (tools: readonly KnownTool[]) => Object.fromEntries(tools.map((tool) => [tool.name, statusOf(tool)]));

describe('the tools of a server after it has listed them', () => {
  const first = afterListing(FIRST, [], [listed('a'), listed('b')]);

  it('are approved the first time', () => {
    expect(statuses(first)).toEqual({ a: 'approved', b: 'approved' });
    expect(first[0]).toMatchObject({ offeredName: 's__a', approved: { description: 'a1' } });
  });

  it('are not when they are at fault', () => {
    expect(statuses(afterListing(FIRST, [], [listed('a', 'a1', 'It is wrong.')]))).toEqual({ a: 'new' });
  });

  it('stay approved as long as they are the same', () => {
    expect(afterListing(LATER, first, [listed('b'), listed('a')])).toEqual([first[1], first[0]]);
  });

  it('are changed, new or removed later, and keep what was approved', () => {
    const later = afterListing(LATER, first, [listed('a', 'a2'), listed('c')]);
    expect(statuses(later)).toEqual({ a: 'changed', b: 'removed', c: 'new' });
    expect(later[0]).toMatchObject({ approved: { description: 'a1' }, listed: { description: 'a2' } });
  });

  it('are approved again when they are again what they were', () => {
    const gone = afterListing(LATER, first, [listed('a', 'a2')]);
    expect(statuses(afterListing(LATER, gone, [listed('a'), listed('b')]))).toEqual({ a: 'approved', b: 'approved' });
    expect(statuses(afterListing(LATER, gone, [listed('b', 'b2')]))).toEqual({ a: 'removed', b: 'changed' });
  });

  it('are forgotten when nobody approved them', () => {
    const later = afterListing(LATER, first, [listed('c')]);
    expect(statuses(afterListing(LATER, later, []))).toEqual({ a: 'removed', b: 'removed' });
  });

  it('keep an administrator’s word about their risk', () => {
    const declared = first.map((tool) => ({ ...tool, risk: 'low' as const }));
    expect(afterListing(LATER, declared, [listed('a', 'a2')])[0]).toMatchObject({ risk: 'low' });
  });

  it('are called otherwise once the server is', () => {
    expect(afterListing({ name: 'r', isListed: true }, first, [listed('a')])[0]).toMatchObject({ offeredName: 'r__a' });
  });

  it('are bounded, however many there are', () => {
    const many = Array.from({ length: 2_000 }, (_, index) => listed(`t${index}`));
    expect(afterListing(FIRST, [], many).length).toBeLessThanOrEqual(512);
  });
});
