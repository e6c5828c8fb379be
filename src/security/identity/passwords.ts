import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { Concurrency, QueueFull } from './concurrency.js';
import { IdentityConfig } from './identity.config.js';
import { hashingBusy } from './identity.errors.js';

/** Argon2id, the library's default algorithm; OWASP's parameters: 19 MiB, 2 passes, 1 lane. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** Costs as much to compare with as any other and matches nothing known. */
const NOBODYS_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0IGhlcmUuLg$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
const MOST_WAITING = 100;

/** Hashes and compares passwords off the main thread, a few at a time. */
@Injectable()
export class Passwords {
  private readonly concurrency: Concurrency;

  constructor(config: IdentityConfig) {
    this.concurrency = new Concurrency({ atOnce: config.passwordHashesAtOnce, waiting: MOST_WAITING });
  }

  /** A PHC string. @throws Problem unavailable when too many wait */
  hash(password: string): Promise<string> {
    return this.bounded(() => hash(password, PARAMETERS));
  }

  /** Takes the same time without a hash to compare with, and answers false then. @throws Problem unavailable when too many wait */
  async matches(password: string, known: string | undefined): Promise<boolean> {
    const same = await this.bounded(() => verify(known ?? NOBODYS_HASH, password));
    return known !== undefined && same;
  }

  private async bounded<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await this.concurrency.run(work);
    } catch (error) {
      throw error instanceof QueueFull ? hashingBusy(error) : error;
    }
  }
}
