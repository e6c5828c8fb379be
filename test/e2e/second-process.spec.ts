import { setTimeout as sleep } from 'node:timers/promises';
import { SessionCheck } from '../../src/security/identity/session-check.js';
import type { Principal } from '../../src/platform/http/principal.js';
import { signedIn, startApp, type SignedIn, type TestApp } from '../support/app.js';

/** What is revoked in one process ends in another within 5 s, although that one has just seen it valid. */
describe('a second process', () => {
  let one: TestApp;
  let two: TestApp;

  beforeAll(async () => {
    one = await startApp();
    two = await startApp({}, one.database);
  });

  afterAll(async () => {
    await two.close();
    await one.close();
  });

  const me = async (chatter: TestApp, as: Pick<SignedIn, 'headers'>, workspaceId?: string) =>
    (await chatter.call('GET', '/auth/me', { as, headers: workspaceId ? { 'X-Workspace-Id': workspaceId } : {} }))
      .status;

  async function endsWithin5s(ended: () => Promise<boolean>): Promise<void> {
    const start = Date.now();
    for (let asked = start; !(await ended()); asked = Date.now()) {
      if (asked - start > 5_000) throw new Error('Still valid after 5 s.');
      await sleep(50);
    }
  }

  it('trusts the tokens of the first: they agree on one signing key', async () => {
    const [ada, bob] = [await one.register(), await two.register()];
    expect([await me(two, ada), await me(one, bob)]).toEqual([200, 200]);
  });

  it('sees a change of password, a logout, a revoked key, a lost role and a lost membership within 5 s', async () => {
    const check = two.app.get(SessionCheck, { strict: false });
    const [ada, bob, cyd, dan] = (await Promise.all(Array.from({ length: 4 }, () => one.register()))) as [
      SignedIn,
      SignedIn,
      SignedIn,
      SignedIn,
    ];
    const workspace = (await one.call('POST', '/workspaces', { as: ada, body: { name: 'W' } })).body.id as string;
    for (const [member, role] of [
      [bob, 'viewer'],
      [cyd, 'admin'],
      [dan, 'viewer'],
    ] as const) {
      await one.call('POST', `/workspaces/${workspace}/members`, { as: ada, body: { email: member.user.email, role } });
    }
    const { body: key } = await one.call('POST', '/auth/api-keys', { as: bob, body: { name: 'k' } });
    const keyed = { headers: { Authorization: `Bearer ${key.key}` } };
    const dansSession = signedIn(
      (await one.call('POST', '/auth/login', { body: { email: dan.user.email, password: dan.password } })).body,
      dan.password,
    );
    const stream: Principal = {
      userId: dan.user.id,
      workspaceId: workspace,
      role: 'viewer',
      isSystemAdmin: false,
      ...sessionOf(dansSession),
    };

    expect([await me(two, bob), await me(two, dan), await me(two, keyed), await me(two, cyd, workspace)]).toEqual([
      200, 200, 200, 200,
    ]);
    expect(await check.stillValid(stream)).toBe(true);
    expect(await check.stillValid({ ...stream, userId: bob.user.id, sessionId: undefined, apiKeyId: key.id })).toBe(
      true,
    );

    const body = { currentPassword: bob.password, newPassword: 'a better password' };
    await one.call('POST', '/auth/change-password', { as: bob, body });
    await one.call('DELETE', `/auth/api-keys/${key.id}`, {
      as: signedIn(
        (await one.call('POST', '/auth/login', { body: { email: bob.user.email, password: 'a better password' } }))
          .body,
        '',
      ),
    });
    await one.call('POST', '/auth/logout', { as: dan });
    await one.call('DELETE', `/workspaces/${workspace}/members/${cyd.user.id}`, { as: ada });
    await one.call('DELETE', `/workspaces/${workspace}/members/${dan.user.id}`, { as: ada });

    await Promise.all([
      endsWithin5s(async () => (await me(two, bob)) === 401),
      endsWithin5s(async () => (await me(two, keyed)) === 401),
      endsWithin5s(async () => (await me(two, dan)) === 401),
      endsWithin5s(async () => (await me(two, cyd, workspace)) === 404),
      endsWithin5s(async () => !(await check.stillValid(stream))),
      endsWithin5s(
        async () =>
          !(await check.stillValid({ ...stream, userId: bob.user.id, sessionId: undefined, apiKeyId: key.id })),
      ),
    ]);
    expect(await me(two, dansSession)).toBe(200);
  });

  it('lets one of the refreshes of both win', async () => {
    const { refreshToken } = await one.register();
    const refresh = (chatter: TestApp) => chatter.call('POST', '/auth/refresh', { body: { refreshToken } });
    const answers = await Promise.all([one, two, one, two, one, two].map(refresh));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401, 401]);
  });
});

describe('an open stream', () => {
  let chatter: TestApp;

  beforeAll(async () => {
    chatter = await startApp();
  });

  afterAll(() => chatter.close());

  it('stays valid past the expiry of its token, and ends at once with its session, key or membership here', async () => {
    const check = chatter.app.get(SessionCheck, { strict: false });
    const ada = await chatter.register();
    const { body: key } = await chatter.call('POST', '/auth/api-keys', { as: ada, body: { name: 'k' } });
    const principal: Principal = {
      userId: ada.user.id,
      workspaceId: ada.user.personalWorkspaceId,
      role: 'owner',
      isSystemAdmin: false,
    };
    const bySession = { ...principal, ...sessionOf(ada) };
    const byKey = { ...principal, apiKeyId: key.id as string };

    expect([await check.stillValid(bySession), await check.stillValid(byKey)]).toEqual([true, true]);
    expect(await check.stillValid(principal)).toBe(false);
    expect(await check.stillValid({ ...bySession, sessionVersion: 2 })).toBe(false);
    expect(await check.stillValid({ ...bySession, userId: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b' })).toBe(false);
    expect(await check.stillValid({ ...bySession, workspaceId: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b' })).toBe(false);

    await chatter.call('DELETE', `/auth/api-keys/${key.id}`, { as: ada });
    expect([await check.stillValid(bySession), await check.stillValid(byKey)]).toEqual([true, false]);
    await chatter.call('POST', '/auth/logout', { as: ada });
    expect(await check.stillValid(bySession)).toBe(false);
  });
});

/** The session an access token names. */
function sessionOf({ token }: SignedIn): Pick<Principal, 'sessionId' | 'sessionVersion'> {
  const { sid, ver } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as {
    sid: string;
    ver: number;
  };
  return { sessionId: sid, sessionVersion: ver };
}
