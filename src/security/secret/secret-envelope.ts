import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Sealer } from '../../platform/sealing/sealer.js';

/** Which secret, of which workspace: an envelope opens for no other. */
export interface SecretKey {
  readonly workspaceId: string;
  readonly id: string;
}

export interface Envelope {
  /** The data key, sealed by the server's key. */
  readonly sealedKey: Buffer;
  /** The value, sealed by the data key. */
  readonly sealedValue: Buffer;
}

const DATA_KEY_BYTES = 32;

/** Seals each value under a random key of its own (AES-256-GCM), so that the server's key sees nothing but keys. */
@Injectable()
export class SecretEnvelope {
  constructor(private readonly sealer: Sealer) {}

  seal(secret: SecretKey, value: string): Envelope {
    const dataKey = randomBytes(DATA_KEY_BYTES);
    return {
      sealedKey: this.sealer.seal(dataKey.toString('base64'), purposeOf('secret-key', secret)),
      sealedValue: new Sealer(dataKey).seal(value, purposeOf('secret', secret)),
    };
  }

  /** @throws SealBroken */
  open(secret: SecretKey, { sealedKey, sealedValue }: Envelope): string {
    const dataKey = Buffer.from(this.sealer.open(sealedKey, purposeOf('secret-key', secret)), 'base64');
    return new Sealer(dataKey).open(sealedValue, purposeOf('secret', secret));
  }
}

const purposeOf = (what: string, { workspaceId, id }: SecretKey): string => `${what}:${workspaceId}:${id}`;
