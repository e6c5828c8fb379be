import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MAC_KEY_BYTES = 32;

/** A sealed value cannot be opened: another key, another purpose, or changed bytes. */
export class SealBroken extends Error {}

/** Encrypts small values at rest (AES-256-GCM). A value opens only under the purpose it was sealed for. */
export class Sealer {
  private readonly macKeys = new Map<string, Buffer>();

  constructor(private readonly key: Buffer) {}

  /** version (1 byte), nonce (12), tag (16), ciphertext. */
  seal(plain: string, purpose: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(purpose));
    const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
    return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), sealed]);
  }

  /** Proves that whoever holds the key wrote `text` (HMAC-SHA-256). Purposes are constants: each has a key of its own. */
  authenticate(text: string, purpose: string): Buffer {
    return createHmac('sha256', this.macKey(purpose)).update(text).digest();
  }

  /** @throws SealBroken */
  open(sealed: Buffer, purpose: string): string {
    try {
      if (sealed[0] !== VERSION) throw new Error(`unknown version ${sealed[0]}`);
      const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
      const tag = sealed.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES);
      const decipher = createDecipheriv(ALGORITHM, this.key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(purpose));
      decipher.setAuthTag(tag);
      return decipher.update(sealed.subarray(1 + NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    } catch (cause) {
      throw new SealBroken(
        `A value sealed for ${purpose} cannot be opened: is ENCRYPTION_KEY the one it was sealed with?`,
        { cause },
      );
    }
  }

  private macKey(purpose: string): Buffer {
    let key = this.macKeys.get(purpose);
    if (key === undefined) {
      key = Buffer.from(hkdfSync('sha256', this.key, '', `authenticate ${purpose}`, MAC_KEY_BYTES));
      this.macKeys.set(purpose, key);
    }
    return key;
  }
}
