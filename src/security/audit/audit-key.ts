import { Injectable } from '@nestjs/common';
import { Sealer } from '../../platform/sealing/sealer.js';
import type { Authenticate } from './chain.js';

/** The key of the chains, made from ENCRYPTION_KEY: whoever can write the tables cannot prove anything with it. */
@Injectable()
export class AuditKey {
  constructor(private readonly sealer: Sealer) {}

  readonly authenticate: Authenticate = (text) => this.sealer.authenticate(text, 'audit');
}
