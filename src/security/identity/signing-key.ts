import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import { Sealer } from '../../platform/sealing/sealer.js';
import type { IdentityConfig } from './identity.config.js';

const PURPOSE = 'signing-key';

/** The key pair of the access tokens (ES256). */
export class SigningKey {
  private constructor(
    /** Its thumbprint (RFC 7638), the `kid` of its tokens. */
    readonly id: string,
    readonly privateKey: KeyObject,
    readonly publicKey: KeyObject,
  ) {}

  static async of(privateKey: KeyObject): Promise<SigningKey> {
    const publicKey = createPublicKey(privateKey);
    return new SigningKey(await calculateJwkThumbprint(publicKey.export({ format: 'jwk' })), privateKey, publicKey);
  }

  /** JWT_PRIVATE_KEY, else the one kept in the database; processes that start at once agree on the one that was stored first. */
  static async load(config: IdentityConfig, database: Database, sealer: Sealer): Promise<SigningKey> {
    if (config.jwtPrivateKey) return SigningKey.of(config.jwtPrivateKey);
    const sealed = (await stored(database)) ?? (await store(database, sealer.seal(newPrivateKey(), PURPOSE)));
    return SigningKey.of(createPrivateKey(sealer.open(sealed, PURPOSE)));
  }
}

async function stored(database: Database): Promise<Buffer | undefined> {
  return (await database.one<{ sealed_private_key: Buffer }>(READ))?.sealed_private_key;
}

async function store(database: Database, sealed: Buffer): Promise<Buffer> {
  await database.query(INSERT, [newId(), sealed]);
  return (await stored(database)) ?? sealed;
}

const newPrivateKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

const READ = `SELECT sealed_private_key FROM signing_key WHERE algorithm = 'ES256'`;

const INSERT = `
  INSERT INTO signing_key (id, algorithm, sealed_private_key) VALUES ($1, 'ES256', $2)
  ON CONFLICT (algorithm) DO NOTHING`;
