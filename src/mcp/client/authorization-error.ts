import { cleanLine } from './clean-text.js';

/** A server that answers 401; the message is a sentence for people. */
export class AuthorizationError extends Error {}

/** What a 401 asks for, and what can be done about it. */
export function authorizationError(hasSecret: boolean, issuer: string | undefined): AuthorizationError {
  const refused = hasSecret ? 'It refuses the secret it was sent.' : 'It asks for authorization.';
  const origin = issuer === undefined ? undefined : URL.parse(issuer)?.origin;
  const where = origin === undefined ? '' : ` Tokens are given out by ${cleanLine(origin, 200)}.`;
  return new AuthorizationError(
    `${refused}${where} Signing in interactively (OAuth) is not supported: store a token for its host as a secret and set secretId.`,
  );
}
