import { inflateRawSync } from 'node:zlib';
import { Unreadable } from './parsed-text.ts';

/** Of all that is packed in a file, unpacked. */
const MAX_UNPACKED_BYTES = 100 * 1024 * 1024;
const MAX_ENTRIES = 5_000;

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_SIZE = 22;
const MAX_COMMENT = 65_535;
const STORED = 0;
const DEFLATED = 8;

/**
 * Unpacks a ZIP file entry by entry, keeping nothing, so that one which unpacks to more than memory has is found before a
 * library unpacks it. What the file says of sizes is not believed. @throws Unreadable
 */
export function refuseZipBomb(bytes: Uint8Array): void {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let left = MAX_UNPACKED_BYTES;
  for (const { method, packed } of entriesOf(file)) left -= unpackedSize(method, packed, left);
}

function unpackedSize(method: number, packed: Buffer, left: number): number {
  if (method === STORED && packed.length <= left) return packed.length;
  if (method !== DEFLATED && method !== STORED)
    throw new Unreadable('The file is packed in a way that is not supported.');
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(left, 1) }).length;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE' || method === STORED)
      throw new Unreadable(`The file unpacks to more than ${MAX_UNPACKED_BYTES / 1024 / 1024} MiB.`);
    throw new Unreadable('The file is damaged: it cannot be unpacked.');
  }
}

function* entriesOf(file: Buffer): Generator<{ readonly method: number; readonly packed: Buffer }> {
  const end = endOf(file);
  const count = file.readUInt16LE(end + 10);
  if (count > MAX_ENTRIES) throw new Unreadable(`The file packs more than ${MAX_ENTRIES} files.`);
  let at = file.readUInt32LE(end + 16);
  for (let entry = 0; entry < count; entry++) {
    if (at + 46 > file.length || file.readUInt32LE(at) !== CENTRAL) throw damaged();
    if (file.readUInt16LE(at + 8) & 1) throw new Unreadable('The file is encrypted. Save it without a password.');
    const method = file.readUInt16LE(at + 10);
    const size = file.readUInt32LE(at + 20);
    const local = file.readUInt32LE(at + 42);
    yield { method, packed: packedAt(file, local, size) };
    at += 46 + file.readUInt16LE(at + 28) + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32);
  }
}

function packedAt(file: Buffer, local: number, size: number): Buffer {
  if (local + 30 > file.length || file.readUInt32LE(local) !== LOCAL) throw damaged();
  const start = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
  if (start + size > file.length) throw damaged();
  return file.subarray(start, start + size);
}

function endOf(file: Buffer): number {
  const first = Math.max(0, file.length - END_SIZE - MAX_COMMENT);
  for (let at = file.length - END_SIZE; at >= first; at--) if (file.readUInt32LE(at) === END) return at;
  throw damaged();
}

const damaged = (): Unreadable => new Unreadable('The file is damaged or was cut off.');
