import { configuration, setting } from '../../platform/config/configuration.js';
import { integer } from '../../platform/config/values.js';

const limit = () => integer(1, 1_000_000_000);

export class ThrottleConfig extends configuration('Request limits', {
  loginPerAccount: setting(
    'LOGIN_PER_MINUTE_PER_ACCOUNT',
    limit().default(10),
    'Logins a minute of one account, from all processes.',
  ),
  loginPerAddress: setting(
    'LOGIN_PER_MINUTE_PER_ADDRESS',
    limit().default(60),
    'Logins a minute from one address, at all processes.',
  ),
  registrationPerAddress: setting(
    'REGISTRATION_PER_MINUTE_PER_ADDRESS',
    limit().default(60),
    'Registrations a minute from one address, at all processes.',
  ),
  requestsPerMinute: setting(
    'REQUESTS_PER_MINUTE',
    limit().default(1_200),
    'Requests a minute of one user, at each process.',
  ),
  requestsBurst: setting(
    'REQUESTS_BURST',
    limit().default(300),
    'Requests that one user may send at once, at each process.',
  ),
  badCredentialsPerMinute: setting(
    'BAD_CREDENTIALS_PER_MINUTE_PER_ADDRESS',
    limit().default(3_000),
    'Invalid tokens and API keys a minute from one address, at each process.',
  ),
}) {}
