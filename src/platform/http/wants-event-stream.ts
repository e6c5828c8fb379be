import type { Request } from 'express';

const STREAM = 'text/event-stream';
const JSON_TYPE = 'application/json';

/** Whether the client prefers an event stream to JSON: it names the stream, and ranks JSON no higher or later. */
export const wantsEventStream = ({ headers }: Pick<Request, 'headers'>): boolean =>
  prefersEventStream(headers.accept ?? '');

export function prefersEventStream(accept: string): boolean {
  const ranges = accept.toLowerCase().split(',').map(rangeOf);
  const stream = ranges.findIndex(({ type }) => type === STREAM);
  const json = ranges.findIndex(({ type }) => type === JSON_TYPE);
  const streamQuality = ranges[stream]?.quality ?? 0;
  const jsonQuality = ranges[json]?.quality ?? 0;
  return streamQuality > 0 && (streamQuality > jsonQuality || (streamQuality === jsonQuality && stream < json));
}

function rangeOf(text: string): { readonly type: string; readonly quality: number } {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim());
  const quality = parameters.map((parameter) => /^q=([\d.]+)$/.exec(parameter)?.[1]).find(Boolean);
  return { type, quality: quality === undefined ? 1 : Number(quality) || 0 };
}
