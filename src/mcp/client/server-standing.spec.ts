import type { McpServer } from './mcp-server.js';
import { overall, standingOf, type ServerStatus } from './server-standing.js';

const AT = new Date('2026-11-23T09:30:00Z');
const server = (parts: Partial<McpServer>): McpServer => ({
  id: 'i',
  workspaceId: 'w',
  name: 's',
  transport: 'http',
  url: 'https://example.com',
  enabled: true,
  revision: 1,
  createdAt: AT,
  updatedAt: AT,
  isListed: true,
  ...parts,
});
const UP = { at: AT, isUp: true, latencyMs: 12 };

describe('how a server stands', () => {
  it.each<[ServerStatus, Partial<McpServer>, number, string | undefined]>([
    ['ok', { check: UP }, 0, undefined],
    ['degraded', {}, 0, 'It has not been asked yet.'],
    ['degraded', { check: UP }, 1, 'A tool of it waits for approval.'],
    ['degraded', { check: { ...UP, remark: 'Odd.' } }, 3, 'Odd. 3 tools of it wait for approval.'],
    ['down', { check: { at: AT, isUp: false, remark: 'It did not answer in time.' } }, 0, 'It did not answer in time.'],
    ['disabled', { check: UP, enabled: false }, 1, undefined],
  ])('is %s with %j', (status, parts, waiting, error) => {
    const standing = standingOf(server(parts), { listed: 4, waiting });
    expect(standing).toMatchObject({ status, tools: 4 });
    expect(standing.error).toBe(error);
  });

  it('tells when it was asked and how long that took', () => {
    expect(standingOf(server({ check: UP }))).toMatchObject({ lastCheckAt: AT.toISOString(), latencyMs: 12, tools: 0 });
    expect(standingOf(server({}))).toMatchObject({ lastCheckAt: null, latencyMs: null });
  });
});

describe('how all of them stand', () => {
  it.each<[string, readonly ServerStatus[]]>([
    ['ok', []],
    ['ok', ['ok', 'ok', 'disabled']],
    ['ok', ['disabled']],
    ['down', ['down', 'down', 'disabled']],
    ['degraded', ['ok', 'down']],
    ['degraded', ['degraded', 'ok']],
    ['degraded', ['degraded', 'down']],
  ])('is %s for %j', (status, each) => {
    expect(overall(each.map((one) => ({ ...standingOf(server({})), status: one })))).toBe(status);
  });
});
