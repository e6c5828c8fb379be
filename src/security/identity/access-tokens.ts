import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { z } from 'zod';
import { Clock } from '../../platform/clock/clock.js';
import { newId } from '../../platform/clock/id.js';
import { IdentityConfig } from './identity.config.js';
import { SigningKey } from './signing-key.js';

/** What an access token says once it is verified. */
export interface AccessClaims {
  readonly userId: string;
  readonly sessionId: string;
  readonly sessionVersion: number;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

export type Verdict =
  | { readonly state: 'valid'; readonly claims: AccessClaims }
  | { readonly state: 'expired' }
  | { readonly state: 'invalid'; readonly cause?: unknown };

export const ISSUER = 'chatter';
export const AUDIENCE = 'chatter-api';
/** RFC 9068. No other token of ours, were there one, passes for an access token. */
export const TOKEN_TYPE = 'at+jwt';
const ALGORITHM = 'ES256';

const MOST_REMEMBERED = 10_000;
/** Ours have about 420 characters. */
const LONGEST = 2_048;

/** Issues and verifies access tokens. Nothing here asks the database: whether the session still lives is another question. */
@Injectable()
export class AccessTokens {
  private readonly verified = new Map<string, AccessClaims>();

  constructor(
    private readonly jwt: JwtService,
    private readonly key: SigningKey,
    private readonly config: IdentityConfig,
    private readonly clock: Clock,
  ) {}

  /** Seconds a token lives. */
  get lifetime(): number {
    return this.config.accessTokenSeconds;
  }

  issue(session: Omit<AccessClaims, 'expiresAt'>): string {
    const now = this.now();
    const claims = {
      sub: session.userId,
      sid: session.sessionId,
      ver: session.sessionVersion,
      iss: ISSUER,
      aud: AUDIENCE,
    };
    return this.jwt.sign(
      { ...claims, iat: now, exp: now + this.lifetime, jti: newId() },
      { algorithm: ALGORITHM, header: { alg: ALGORITHM, typ: TOKEN_TYPE, kid: this.key.id } },
    );
  }

  verify(token: string): Verdict {
    if (token.length > LONGEST) return { state: 'invalid' };
    const hash = createHash('sha256').update(token).digest('base64');
    const claims = this.verified.get(hash);
    if (!claims) return this.verifyNew(token, hash);
    return claims.expiresAt > this.now() ? { state: 'valid', claims } : { state: 'expired' };
  }

  private verifyNew(token: string, hash: string): Verdict {
    const verdict = this.checked(token);
    if (verdict.state === 'valid') this.remember(hash, verdict.claims);
    return verdict;
  }

  /** Signature, algorithm, header, issuer, audience and times; the expiry last, so that only a true token is called expired. */
  private checked(token: string): Verdict {
    try {
      if (!isCanonical(token)) return { state: 'invalid' };
      const { header, payload } = this.jwt.verify<{ header: unknown; payload: unknown }>(token, {
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience: AUDIENCE,
        clockTimestamp: this.now(),
        ignoreExpiration: true,
        complete: true,
      });
      const { kid } = HEADER.parse(header);
      const { sub, sid, ver, exp, iat } = CLAIMS.parse(payload);
      if (kid !== this.key.id || iat > exp) return { state: 'invalid' };
      if (exp <= this.now()) return { state: 'expired' };
      return { state: 'valid', claims: { userId: sub, sessionId: sid, sessionVersion: ver, expiresAt: exp } };
    } catch (cause) {
      return { state: 'invalid', cause };
    }
  }

  private remember(hash: string, claims: AccessClaims): void {
    this.verified.set(hash, claims);
    if (this.verified.size <= MOST_REMEMBERED) return;
    const [oldest] = this.verified.keys();
    if (oldest !== undefined) this.verified.delete(oldest);
  }

  private now(): number {
    return Math.floor(this.clock.millis() / 1_000);
  }
}

/** Exactly the header we write: no `jku`, `jwk`, `x5c` or `crit` that a library might one day follow or overlook. */
const HEADER = z.strictObject({ alg: z.literal(ALGORITHM), typ: z.literal(TOKEN_TYPE), kid: z.string() });

const CLAIMS = z.strictObject({
  sub: z.uuid(),
  sid: z.uuid(),
  ver: z.int(),
  iss: z.literal(ISSUER),
  aud: z.literal(AUDIENCE),
  iat: z.int(),
  exp: z.int(),
  jti: z.uuid(),
});

/** Three parts, each the one base64url text of its bytes: decoders forgive padding and stray last bits, which makes twins of a token. */
function isCanonical(token: string): boolean {
  const parts = token.split('.');
  return (
    parts.length === 3 &&
    parts.every((part) => part !== '' && Buffer.from(part, 'base64url').toString('base64url') === part)
  );
}
