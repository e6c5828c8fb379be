import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { closeApplication, createApplication } from '../../src/application.js';
import type { EnvironmentVariables } from '../../src/platform/config/configuration.js';
import { apiOf } from './api.js';
import { testDatabase, type TestDatabase } from './postgres.js';

export interface TestUser {
  readonly id: string;
  readonly email: string;
  readonly name: string | null;
  readonly isSystemAdmin: boolean;
  readonly personalWorkspaceId: string;
}

export interface SignedIn {
  readonly user: TestUser;
  readonly password: string;
  /** The access token. */
  readonly token: string;
  readonly refreshToken: string;
  /** `Authorization` of the access token, to be spread into other headers. */
  readonly headers: { readonly Authorization: string };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or the text of an event stream; undefined without a body. */
  readonly body: ReturnType<typeof JSON.parse>;
}

export interface RequestParts {
  /** Of whom; nobody when absent. */
  readonly as?: Pick<SignedIn, 'headers'>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Reads an answer that has no end for so long. */
  readonly readMs?: number;
}

export interface TestApp {
  /** Origin, without a trailing slash. */
  readonly url: string;
  readonly app: NestExpressApplication;
  readonly database: TestDatabase;
  /** A request to a path below /api/v1: `call('GET', '/auth/me', { as: user })`. */
  call(method: string, path: string, parts?: RequestParts): Promise<Answer>;
  /** A fresh user, or one with the given parts. */
  register(account?: {
    readonly email?: string;
    readonly password?: string;
    readonly name?: string;
  }): Promise<SignedIn>;
  /** Stops the application; drops the schema unless the database was handed in. */
  close(): Promise<void>;
}

/** Limits out of the way, and no noise. */
export const ROOMY: EnvironmentVariables = {
  NODE_ENV: 'test',
  LOG_LEVEL: 'error',
  EXPOSE_DOCS: 'false',
  ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
  LOGIN_PER_MINUTE_PER_ACCOUNT: '1000000',
  LOGIN_PER_MINUTE_PER_ADDRESS: '1000000',
  REGISTRATION_PER_MINUTE_PER_ADDRESS: '1000000',
  REQUESTS_PER_MINUTE: '1000000',
  REQUESTS_BURST: '1000000',
};

/**
 * Starts the application in this process on a schema of its own, with limits out of the way.
 * @param overrides environment variables
 * @param shared a database to join instead, as a second process would
 */
export async function startApp(overrides: EnvironmentVariables = {}, shared?: TestDatabase): Promise<TestApp> {
  const database = shared ?? (await testDatabase('app'));
  const app = await createApplication({ ...ROOMY, ...database.environment, ...overrides });
  // A test that was held up must not find the connection it kept closed under its next request.
  app.getHttpServer().keepAliveTimeout = 120_000;
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;

  const { call } = apiOf(url);

  let registered = 0;
  const register: TestApp['register'] = async (account = {}) => {
    const wanted = { email: `user${++registered}.${port}@example.com`, password: 'correct horse battery', ...account };
    const { status, body } = await call('POST', '/auth/register', { body: wanted });
    if (status !== 201) throw new Error(`Registration answered ${status}: ${JSON.stringify(body)}`);
    return signedIn(body, wanted.password);
  };

  const close = async () => {
    await closeApplication(app);
    if (!shared) await database.drop();
  };

  return { url, app, database, call, register, close };
}

/** What a test keeps of the answer to a registration or login. */
export function signedIn(
  body: { user: TestUser; accessToken: string; refreshToken: string },
  password: string,
): SignedIn {
  const { user, accessToken, refreshToken } = body;
  return { user, password, token: accessToken, refreshToken, headers: { Authorization: `Bearer ${accessToken}` } };
}
