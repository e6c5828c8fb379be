import { Injectable } from '@nestjs/common';
import type { ProvenEntry } from './audit-entry.js';
import { AuditKey } from './audit-key.js';
import { AuditRepository, type SealedEntry } from './audit.repository.js';
import { CHAIN_START, entryMac, headMac, linkAfter, type Link } from './chain.js';

/** What is wrong, at the first place where something is. */
export interface Break {
  /** The place in the chain; null for an entry that has none yet. */
  readonly position: number | null;
  /** The entry that is found there; null when it is missing. */
  readonly id: string | null;
  readonly fault: 'changed' | 'missing' | 'reordered' | 'inserted' | 'head';
}

export interface Verification {
  readonly valid: boolean;
  /** Entries that are proven to be as they were written, sealed ones. */
  readonly checked: number;
  /** Entries that wait for their place. */
  readonly unsealed: number;
  readonly brokenAt?: Break;
}

const PAGE = 500;
/** What a chain begins with: one without it was cut off at its beginning. */
const BIRTHS: ReadonlySet<string> = new Set(['workspace.created', 'audit.started']);

/** Proves, page by page, that a chain holds what was written and nothing else. */
@Injectable()
export class AuditVerifier {
  constructor(
    private readonly repository: AuditRepository,
    private readonly key: AuditKey,
  ) {}

  async verify(chain: string): Promise<Verification> {
    const sealed = await this.sealed(chain);
    const tail = await this.unsealed(chain);
    const nothing = sealed.checked === 0 && tail.count === 0;
    const brokenAt = sealed.brokenAt ?? tail.brokenAt ?? (nothing ? missing(1) : undefined);
    return {
      valid: brokenAt === undefined,
      checked: sealed.checked,
      unsealed: tail.count,
      ...(brokenAt && { brokenAt }),
    };
  }

  /** The entries up to the head as it is now; what is sealed meanwhile comes behind it. */
  private async sealed(chain: string): Promise<{ readonly checked: number; readonly brokenAt?: Break }> {
    const head = await this.repository.head(chain);
    if (head && !head.mac.equals(headMac(chain, head, this.key.authenticate)))
      return { checked: 0, brokenAt: { position: head.position, id: null, fault: 'head' } };
    const end = head ?? CHAIN_START;
    let last: Link = CHAIN_START;
    let after: SealedEntry | undefined;
    for (let isFull = true; isFull && last.position < end.position;) {
      const page = await this.repository.sealed(chain, after, PAGE);
      isFull = page.length === PAGE;
      for (const entry of page.slice(0, end.position - last.position)) {
        const brokenAt = this.breakAt(chain, last, entry);
        if (brokenAt) return { checked: last.position, brokenAt };
        last = linkAfter(last, entry, chain, this.key.authenticate);
      }
      after = page.at(-1);
    }
    const checked = last.position;
    if (checked < end.position) return { checked, brokenAt: missing(checked + 1) };
    if (!last.hash.equals(end.hash)) return { checked, brokenAt: { position: checked, id: null, fault: 'head' } };
    if (await this.repository.hasSurplus(chain))
      return { checked, brokenAt: { position: checked + 1, id: null, fault: 'inserted' } };
    return { checked };
  }

  private breakAt(chain: string, last: Link, entry: SealedEntry): Break | undefined {
    const { position, id } = entry;
    const expected = last.position + 1;
    if (position > expected) return missing(expected);
    if (position < expected) return { position, id, fault: 'inserted' };
    if (!this.isOurs(entry)) return { position, id, fault: 'changed' };
    if (position === 1 && !BIRTHS.has(entry.action)) return missing(1);
    const { hash } = linkAfter(last, entry, chain, this.key.authenticate);
    return entry.hash?.equals(hash) ? undefined : { position, id, fault: 'reordered' };
  }

  private async unsealed(chain: string): Promise<{ readonly count: number; readonly brokenAt?: Break }> {
    let count = 0;
    let brokenAt: Break | undefined;
    for (let after: string | null = null, isFull = true; isFull;) {
      const page = await this.repository.unsealed(chain, after, PAGE);
      isFull = page.length === PAGE;
      count += page.length;
      const foreign = page.find((entry) => !this.isOurs(entry));
      if (foreign) brokenAt ??= { position: null, id: foreign.id, fault: 'changed' };
      after = page.at(-1)?.id ?? null;
    }
    return { count, brokenAt };
  }

  private isOurs(entry: ProvenEntry): boolean {
    return entry.mac.equals(entryMac(entry, this.key.authenticate));
  }
}

const missing = (position: number): Break => ({ position, id: null, fault: 'missing' });
