import type { CallToolResult } from '@modelcontextprotocol/client';
import { Problem } from '../../platform/problem/problem.js';
import { resultOf } from './call-result.js';

const text = (...texts: readonly string[]): CallToolResult['content'] =>
  texts.map((each) => ({ type: 'text', text: each }));
const SCHEMA = { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] };
const slugOf = async (work: Promise<unknown>) => {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  return error instanceof Problem ? [error.type.slug, error.detail] : ['none', String(error)];
};

describe('what a tool answered', () => {
  it('is its texts', async () => {
    expect(await resultOf('t', { content: text('a', 'b\u{e0041}') })).toEqual({ text: 'a\n\nb' });
    expect(await resultOf('t', { content: [] })).toEqual({});
  });

  it('is its structure, where it promises one', async () => {
    const content = text('{"sum":3}');
    expect(await resultOf('t', { content, structuredContent: { sum: 3 } }, SCHEMA)).toEqual({ sum: 3 });
    expect(await resultOf('t', { content, structuredContent: { sum: 3 } })).toEqual({
      text: '{"sum":3}',
      structured: { sum: 3 },
    });
  });

  it('names links, images and resources', async () => {
    const content = [
      { type: 'resource_link', uri: 'file:///a', name: 'A', mimeType: 'text/plain' },
      { type: 'image', data: 'AAAA', mimeType: 'image/png' },
      { type: 'audio', data: 'A'.repeat(200_000), mimeType: 'audio/wav' },
      { type: 'resource', resource: { uri: 'file:///b', text: 'B\u202e' } },
      { type: 'resource', resource: { uri: 'file:///c', blob: 'AAAA' } },
    ] as CallToolResult['content'];
    expect(await resultOf('t', { content })).toEqual({
      attachments: [
        { type: 'link', uri: 'file:///a', mimeType: 'text/plain', name: 'A' },
        { type: 'image', mimeType: 'image/png', data: 'AAAA' },
        { type: 'audio', mimeType: 'audio/wav', bytes: 150_000 },
        { type: 'resource', uri: 'file:///b', text: 'B' },
        { type: 'resource', uri: 'file:///c', data: 'AAAA' },
      ],
    });
  });

  it('is a problem that says what the tool says when it failed', async () => {
    const failed = resultOf('s__t', { content: text('No such\n city.\u{e0041}'), isError: true });
    expect(await slugOf(failed)).toEqual([
      'mcp-tool-failed',
      'The tool "s__t" failed. Its server says: No such  city.',
    ]);
    const [, detail] = await slugOf(resultOf('t', { content: text('x'.repeat(100_000)), isError: true }));
    expect(detail?.length).toBeLessThan(2_100);
  });

  it.each([
    ['the structure it promises', undefined],
    ['/sum must be number', { sum: '3' }],
    ["must have required property 'sum'", {}],
  ])('is a problem without %s', async (what, structuredContent) => {
    const [slug, detail] = await slugOf(resultOf('t', { content: [], structuredContent }, SCHEMA));
    expect(slug).toBe('mcp-result-invalid');
    expect(detail).toContain(what);
  });

  it('is a problem when it is nested without end', async () => {
    const deep = Array.from({ length: 200 }).reduce<object>((inner) => ({ inner }), {});
    expect(await slugOf(resultOf('t', { content: [], structuredContent: deep }))).toContain('mcp-result-invalid');
  });
});
