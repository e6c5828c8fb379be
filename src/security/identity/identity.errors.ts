import { unauthenticated, unavailable } from '../../platform/problem/http.errors.js';
import { problemType } from '../../platform/problem/problem.js';

export const emailTaken = problemType({
  slug: 'email-taken',
  status: 409,
  title: 'E-mail address already registered',
  explanation:
    'There is an account with this e-mail address; upper and lower case do not differ. Log in instead, or use another address.',
});

export const registrationClosed = problemType({
  slug: 'registration-closed',
  status: 403,
  title: 'Registration closed',
  explanation: 'The operator has closed registration (REGISTRATION_OPEN). Ask for an account.',
});

/** No credential at all (RFC 6750, section 3.1: no error code then). */
export const credentialMissing = () =>
  unauthenticated('Send "Authorization: Bearer <access token or API key>", or "X-API-Key: <API key>".', {
    headers: { 'WWW-Authenticate': 'Bearer realm="chatter"' },
  });

/** A credential that proves nothing; `detail` says no more than the bearer may know. */
export const credentialInvalid = (detail: string, cause?: unknown) =>
  unauthenticated(detail, {
    headers: {
      'WWW-Authenticate': `Bearer realm="chatter", error="invalid_token", error_description="${detail.replaceAll('"', "'")}"`,
    },
    cause,
  });

/** The same whether the account or only the password is wrong. */
export const loginRefused = () =>
  unauthenticated('The e-mail address or the password is wrong.', {
    headers: { 'WWW-Authenticate': 'Bearer realm="chatter"' },
  });

export const hashingBusy = (cause: unknown) =>
  unavailable('Too many logins and registrations at this moment; try again in a second.', {
    headers: { 'Retry-After': '1' },
    cause,
  });
