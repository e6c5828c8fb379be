import { pipeline as connect, Transform, type Readable, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip } from 'node:zlib';

/** What this side can decode, as Accept-Encoding says it. Deflate is left out: servers disagree about its form. */
export const ACCEPTED_ENCODINGS = 'gzip, br';

const DECODERS: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['br', createBrotliDecompress],
]);

export interface CappedBody {
  readonly body: Buffer;
  /** Whether there was more. */
  readonly truncated: boolean;
}

class LimitReached extends Error {}

/**
 * Reads a body, decoded, up to `limit` bytes; what the wire brings is held to the same limit, so that neither a bomb nor
 * a body that never expands is read to its end. Destroys `source` when it stops early.
 * @throws Error when the encoding is not one of those accepted, or the body is not what it says
 */
export async function cappedBody(source: Readable, encoding: string | undefined, limit: number): Promise<CappedBody> {
  const parts: Buffer[] = [];
  const wire = new Capped(limit);
  try {
    const decoder = decoderOf(encoding);
    const keep = new Capped(limit, parts);
    await (decoder ? pipeline(source, wire, decoder, keep) : pipeline(source, keep));
    return { body: Buffer.concat(parts), truncated: false };
  } catch (error) {
    source.on('error', () => {}).destroy();
    if (error instanceof LimitReached) return { body: Buffer.concat(parts).subarray(0, limit), truncated: true };
    if (wire.size === 0 && isCutOff(error)) return { body: Buffer.alloc(0), truncated: false };
    throw error;
  }
}

/**
 * A body, decoded, as a stream that fails beyond `limit` bytes, on the wire or decoded. Closing it destroys `source`.
 * @param faultOf what the stream fails with: given the error met, or `'too large'`
 * @throws Error when the encoding is not one of those accepted
 */
export function cappedStream(
  source: Readable,
  encoding: string | undefined,
  limit: number,
  faultOf: (fault: unknown) => unknown,
): Readable {
  const decoder = decoderOf(encoding);
  const passed = new Capped(limit, undefined, (error) => faultOf(error instanceof LimitReached ? 'too large' : error));
  const settled = (): void => {};
  if (decoder) connect(source, new Capped(limit), decoder, passed, settled);
  else connect(source, passed, settled);
  return passed;
}

/** How a decoder complains of no bytes at all, which is what 204 and 304 have. */
const isCutOff = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR';

function decoderOf(encoding: string | undefined): Transform | undefined {
  const name = encoding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return undefined;
  const decoder = DECODERS.get(name);
  if (!decoder) throw Object.assign(new Error(`The encoding ${name} was not asked for.`), { code: 'UNKNOWN_ENCODING' });
  return decoder();
}

/** Passes bytes on, or keeps them in `parts`, and fails beyond `limit`. */
class Capped extends Transform {
  size = 0;

  constructor(
    private readonly limit: number,
    private readonly parts?: Buffer[],
    private readonly faultOf: (error: unknown) => unknown = (error) => error,
  ) {
    super();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    super._destroy(error && (this.faultOf(error) as Error), done);
  }

  override _transform(chunk: Buffer, _: BufferEncoding, done: TransformCallback): void {
    this.size += chunk.length;
    this.parts?.push(chunk);
    if (this.size > this.limit) done(new LimitReached());
    else done(null, this.parts ? undefined : chunk);
  }
}
