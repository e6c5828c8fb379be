import { createPrivateKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { configuration, setting } from '../../platform/config/configuration.js';
import { flag, integer } from '../../platform/config/values.js';

export class IdentityConfig extends configuration('Identity', {
  registrationOpen: setting('REGISTRATION_OPEN', flag().default(true), 'Whether anybody may register.'),
  adminEmail: setting(
    'ADMIN_EMAIL',
    z.email('must be an e-mail address').optional(),
    'Whoever registers with this address is system admin.',
  ),
  accessTokenSeconds: setting('ACCESS_TOKEN_SECONDS', integer(10, 86_400).default(600), 'Lifetime of an access token.'),
  refreshTokenDays: setting(
    'REFRESH_TOKEN_DAYS',
    integer(1, 365).default(30),
    'Days after which an unused refresh token is void.',
  ),
  sessionDays: setting('SESSION_DAYS', integer(1, 3_650).default(90), 'Days after which one must log in again.'),
  passwordHashesAtOnce: setting(
    'PASSWORD_HASHES_AT_ONCE',
    integer(1, 64).default(2),
    'Password hashes computed at the same time, 19 MiB each.',
  ),
  jwtPrivateKey: setting(
    'JWT_PRIVATE_KEY',
    signingKey().optional(),
    'Key that signs access tokens: PEM, PKCS #8, EC P-256.',
    {
      secret: true,
      shownDefault: 'made at the first start and kept sealed in the database',
    },
  ),
}) {}

/** One-line environments write the line breaks of a PEM text as `\n`. */
function signingKey() {
  return z.string().transform((text, context): KeyObject => {
    const key = parsed(text.replaceAll('\\n', '\n'));
    if (key?.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
    context.addIssue({
      code: 'custom',
      message:
        'must be an EC P-256 private key in PEM (openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256)',
    });
    return z.NEVER;
  });
}

function parsed(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
