import type { AuditEntry, ProvenEntry } from './audit-entry.js';

/** Proves that whoever holds the key wrote a text. */
export type Authenticate = (text: string) => Buffer;

/** A place in a chain: everything up to it is in `hash`. */
export interface Link {
  readonly position: number;
  readonly hash: Buffer;
}

/** Before the first entry. */
export const CHAIN_START: Link = { position: 0, hash: Buffer.alloc(32) };

/** The proof that an entry was written as it is: without the key no entry can be made up, sealed or not. */
export const entryMac = (entry: AuditEntry, authenticate: Authenticate): Buffer =>
  authenticate(
    JSON.stringify([
      'entry',
      entry.id,
      entry.workspaceId,
      entry.actorId,
      entry.action,
      entry.subject,
      entry.outcome,
      entry.detail,
      entry.traceId,
      entry.at,
    ]),
  );

/** The place of `entry` behind `previous`. */
export function linkAfter(previous: Link, entry: ProvenEntry, chain: string, authenticate: Authenticate): Link {
  const position = previous.position + 1;
  const text = ['link', chain, position, previous.hash.toString('hex'), entry.mac.toString('hex')];
  return { position, hash: authenticate(JSON.stringify(text)) };
}

/** The proof of how far a chain goes: without the key its end cannot be cut off. */
export const headMac = (chain: string, { position, hash }: Link, authenticate: Authenticate): Buffer =>
  authenticate(JSON.stringify(['head', chain, position, hash.toString('hex')]));
