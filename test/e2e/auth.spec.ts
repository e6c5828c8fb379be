import { setTimeout as sleep } from 'node:timers/promises';
import { signedIn, startApp, type SignedIn, type TestApp } from '../support/app.js';

describe('an account', () => {
  let chatter: TestApp;

  beforeAll(async () => {
    chatter = await startApp({ ADMIN_EMAIL: 'Boss@Example.com' });
  });

  afterAll(() => chatter.close());

  const login = (email: string, password: string) => chatter.call('POST', '/auth/login', { body: { email, password } });
  const refresh = (refreshToken: string) => chatter.call('POST', '/auth/refresh', { body: { refreshToken } });
  const me = (as: Pick<SignedIn, 'headers'>) => chatter.call('GET', '/auth/me', { as });
  const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });

  describe('registration', () => {
    it('answers 201 with the user and a pair of tokens that work', async () => {
      const account = { email: 'Ada@Example.com', password: 'engine of 1843', name: 'Ada' };
      const { status, headers, body } = await chatter.call('POST', '/auth/register', { body: account });
      expect(status).toBe(201);
      expect(headers.get('location')).toBe('/api/v1/auth/me');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(body).toEqual({
        user: {
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          email: 'Ada@Example.com',
          name: 'Ada',
          isSystemAdmin: false,
          personalWorkspaceId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        },
        accessToken: expect.any(String),
        refreshToken: expect.any(String),
        tokenType: 'Bearer',
        expiresIn: 600,
      });
      const mine = await me(bearer(body.accessToken));
      expect(mine.body).toEqual(body.user);
    });

    it('makes a personal workspace, owned by the user', async () => {
      const user = await chatter.register();
      const { body } = await chatter.call('GET', '/workspaces', { as: user });
      expect(body.items).toMatchObject([{ id: user.user.personalWorkspaceId, role: 'owner', isPersonal: true }]);
    });

    it('refuses an address that differs only in case, 409', async () => {
      await chatter.register({ email: 'grace@example.com' });
      const again = await chatter.call('POST', '/auth/register', {
        body: { email: 'GRACE@example.com', password: 'long enough' },
      });
      expect(again).toMatchObject({ status: 409, body: { type: '/problems/email-taken' } });
    });

    it('makes one account of simultaneous registrations of one address', async () => {
      const body = { email: 'twins@example.com', password: 'long enough' };
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => chatter.call('POST', '/auth/register', { body })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)]);
    });

    it('makes only ADMIN_EMAIL system admin', async () => {
      const boss = await chatter.register({ email: 'bOSS@example.com' });
      const other = await chatter.register({ email: 'boss2@example.com' });
      expect([boss.user.isSystemAdmin, other.user.isSystemAdmin]).toEqual([true, false]);
    });

    it.each([
      [{ email: 'x', password: 'long enough' }, '/email'],
      [{ email: 'a b@example.com', password: 'long enough' }, '/email'],
      [{ email: ' a@example.com', password: 'long enough' }, '/email'],
      [{ email: 'a@example.com', password: '7 chars' }, '/password'],
      [{ email: 'a@example.com', password: 'x'.repeat(129) }, '/password'],
      [{ email: 'a@example.com', password: 12345678 }, '/password'],
      [{ email: 'a@example.com', password: { length: 9 } }, '/password'],
      [{ email: ['a@example.com'], password: 'long enough' }, '/email'],
      [{ email: 'a@example.com', password: 'long enough', isSystemAdmin: true }, '/isSystemAdmin'],
    ])('refuses %j with the pointer %s', async (body, pointer) => {
      const answer = await chatter.call('POST', '/auth/register', { body });
      expect(answer).toMatchObject({
        status: 422,
        body: { type: '/problems/validation-failed', errors: [{ pointer }] },
      });
    });

    it('takes passwords of any script, however their characters are composed', async () => {
      const { user } = await chatter.register({ password: 'Åsa žluťoučký 🐎🐎🐎 שלום'.normalize('NFD') });
      expect((await login(user.email, 'Åsa žluťoučký 🐎🐎🐎 שלום'.normalize('NFC'))).status).toBe(200);
    });

    it('counts the characters a reader sees: 128 emoji fit, 7 do not', async () => {
      const { user } = await chatter.register({ password: '🐎'.repeat(128) });
      expect((await login(user.email, '🐎'.repeat(128))).status).toBe(200);
      const short = await chatter.call('POST', '/auth/register', {
        body: { email: 's@example.com', password: '🐎'.repeat(7) },
      });
      expect(short.status).toBe(422);
    });
  });

  describe('login', () => {
    it('answers 200 with the same shape as registration, whatever the case of the address', async () => {
      const { user, password } = await chatter.register({ email: 'case@example.com' });
      const { status, body } = await login('CASE@example.com', password);
      expect(status).toBe(200);
      expect(body).toMatchObject({ user, tokenType: 'Bearer', expiresIn: 600 });
      expect((await me(signedIn(body, password))).status).toBe(200);
    });

    it('tells a wrong password and an unknown address apart in nothing', async () => {
      const { user } = await chatter.register();
      const wrong = await login(user.email, 'not the password');
      const unknown = await login('nobody@example.com', 'not the password');
      for (const { status, headers, body } of [wrong, unknown]) {
        expect(status).toBe(401);
        expect(headers.get('www-authenticate')).toMatch(/^Bearer/);
        expect({ ...body, traceId: '' }).toEqual({ ...wrong.body, traceId: '' });
      }
    });
  });

  describe('the profile', () => {
    it('shows and changes how one is called, and nothing else', async () => {
      const ada = await chatter.register({ name: 'Ada' });
      expect((await chatter.call('PATCH', '/auth/me', { as: ada, body: { name: 'Countess' } })).body.name).toBe(
        'Countess',
      );
      expect((await chatter.call('PATCH', '/auth/me', { as: ada, body: {} })).body.name).toBe('Countess');
      expect((await chatter.call('PATCH', '/auth/me', { as: ada, body: { name: null } })).body.name).toBeNull();
      const denied = await chatter.call('PATCH', '/auth/me', { as: ada, body: { isSystemAdmin: true } });
      expect(denied).toMatchObject({ status: 422, body: { errors: [{ pointer: '/isSystemAdmin' }] } });
    });
  });

  describe('refreshing', () => {
    it('answers a new pair, again and again', async () => {
      const ada = await chatter.register();
      let token = ada.refreshToken;
      for (let round = 0; round < 3; round++) {
        const { status, body } = await refresh(token);
        expect(status).toBe(200);
        expect(Object.keys(body).sort()).toEqual(['accessToken', 'expiresIn', 'refreshToken', 'tokenType']);
        expect(body.refreshToken).not.toBe(token);
        expect((await me(bearer(body.accessToken))).status).toBe(200);
        token = body.refreshToken;
      }
    });

    it('ends the whole session when an old token is used again, and no other session', async () => {
      const ada = await chatter.register();
      const elsewhere = signedIn((await login(ada.user.email, ada.password)).body, ada.password);
      const second = (await refresh(ada.refreshToken)).body;
      const third = (await refresh(second.refreshToken)).body;

      expect((await refresh(ada.refreshToken)).status).toBe(401);

      expect((await refresh(third.refreshToken)).status).toBe(401);
      for (const token of [ada.token, second.accessToken, third.accessToken])
        expect((await me(bearer(token))).status).toBe(401);
      expect((await me(elsewhere)).status).toBe(200);
      expect((await refresh(elsewhere.refreshToken)).status).toBe(200);
    });

    it('lets exactly one of simultaneous refreshes win', async () => {
      for (let round = 0; round < 5; round++) {
        const ada = await chatter.register();
        const answers = await Promise.all(Array.from({ length: 16 }, () => refresh(ada.refreshToken)));
        expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(15).fill(401)]);
      }
    });
  });

  describe('logout', () => {
    it('ends this session at once and no other', async () => {
      const ada = await chatter.register();
      const elsewhere = signedIn((await login(ada.user.email, ada.password)).body, ada.password);
      const { status, body } = await chatter.call('POST', '/auth/logout', { as: ada });
      expect([status, body]).toEqual([204, undefined]);
      expect((await me(ada)).status).toBe(401);
      expect((await refresh(ada.refreshToken)).status).toBe(401);
      expect((await me(elsewhere)).status).toBe(200);
    });
  });

  describe('changing the password', () => {
    const change = (as: SignedIn, currentPassword: string, newPassword: string) =>
      chatter.call('POST', '/auth/change-password', { as, body: { currentPassword, newPassword } });

    it('ends every session at once; only the new password signs in', async () => {
      const ada = await chatter.register();
      const elsewhere = signedIn((await login(ada.user.email, ada.password)).body, ada.password);
      const { status, body } = await change(ada, ada.password, 'a better password');
      expect([status, body]).toEqual([204, undefined]);
      for (const session of [ada, elsewhere]) {
        expect((await me(session)).status).toBe(401);
        expect((await refresh(session.refreshToken)).status).toBe(401);
      }
      expect((await login(ada.user.email, ada.password)).status).toBe(401);
      const again = await login(ada.user.email, 'a better password');
      expect(again.status).toBe(200);
      expect((await me(signedIn(again.body, ''))).status).toBe(200);
    });

    it('asks for the present password and changes nothing without it', async () => {
      const ada = await chatter.register();
      const refused = await change(ada, 'not the password', 'a better password');
      expect(refused).toMatchObject({ status: 422, body: { errors: [{ pointer: '/currentPassword' }] } });
      expect((await me(ada)).status).toBe(200);
      expect((await login(ada.user.email, ada.password)).status).toBe(200);
    });

    it('lets one of simultaneous changes win, whose password then signs in', async () => {
      const ada = await chatter.register();
      const wishes = Array.from({ length: 4 }, (_, index) => `wish number ${index}`);
      const answers = await Promise.all(wishes.map((wish) => change(ada, ada.password, wish)));
      expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
      const winner = wishes[answers.findIndex(({ status }) => status === 204)]!;
      for (const wish of wishes) expect((await login(ada.user.email, wish)).status).toBe(wish === winner ? 200 : 401);
    });
  });

  describe('API keys', () => {
    const create = (as: Pick<SignedIn, 'headers'>, body: object, headers = {}) =>
      chatter.call('POST', '/auth/api-keys', { as, body, headers });

    it('are shown once, work in both headers and are listed without their text', async () => {
      const ada = await chatter.register();
      const { status, headers, body } = await create(ada, { name: 'report' });
      expect(status).toBe(201);
      expect(headers.get('location')).toBe(`/api/v1/auth/api-keys/${body.id}`);
      expect(body).toMatchObject({ name: 'report', scopes: null, expiresAt: null, lastUsedAt: null });
      expect(body.key).toMatch(/^ck_[\w-]{43}$/);
      expect(body.key.startsWith(body.prefix)).toBe(true);

      expect((await me(bearer(body.key))).body.id).toBe(ada.user.id);
      expect((await me({ headers: { 'X-API-Key': body.key } as never })).body.id).toBe(ada.user.id);

      const { body: one } = await chatter.call('GET', `/auth/api-keys/${body.id}`, { as: ada });
      const { body: list } = await chatter.call('GET', '/auth/api-keys', { as: ada });
      expect(list).toEqual({ items: [one], nextCursor: null });
      expect(JSON.stringify(list)).not.toContain(body.key.slice(12));
      expect(Date.parse(one.lastUsedAt)).toBeGreaterThan(Date.now() - 60_000);
    });

    it('are refused at once when revoked', async () => {
      const ada = await chatter.register();
      const { body } = await create(ada, { name: 'short-lived' });
      expect((await me(bearer(body.key))).status).toBe(200);
      expect((await chatter.call('DELETE', `/auth/api-keys/${body.id}`, { as: ada })).status).toBe(204);
      expect((await me(bearer(body.key))).status).toBe(401);
      expect((await chatter.call('DELETE', `/auth/api-keys/${body.id}`, { as: ada })).status).toBe(404);
      expect((await chatter.call('GET', '/auth/api-keys', { as: ada })).body.items).toEqual([]);
    });

    it('are refused from the moment they expire, also when used just before', async () => {
      const ada = await chatter.register();
      const expiresAt = new Date(Date.now() + 8_000).toISOString();
      const key = bearer((await create(ada, { name: 'brief', expiresAt })).body.key);
      expect((await me(key)).status).toBe(200);
      await sleep(Date.parse(expiresAt) - Date.now() + 20);
      expect((await me(key)).status).toBe(401);
    });

    it('outlive a change of password', async () => {
      const ada = await chatter.register();
      const { body } = await create(ada, { name: 'automation' });
      await chatter.call('POST', '/auth/change-password', {
        as: ada,
        body: { currentPassword: ada.password, newPassword: 'another one' },
      });
      expect((await me(bearer(body.key))).status).toBe(200);
    });

    it('do only what their scopes name; write includes read', async () => {
      const ada = await chatter.register();
      const reader = bearer((await create(ada, { name: 'reader', scopes: ['account:read'] })).body.key);
      const writer = bearer((await create(ada, { name: 'writer', scopes: ['account:write'] })).body.key);
      expect((await me(reader)).status).toBe(200);
      expect((await me(writer)).status).toBe(200);
      expect((await chatter.call('PATCH', '/auth/me', { as: writer, body: { name: 'W' } })).status).toBe(200);
      const denied = await chatter.call('PATCH', '/auth/me', { as: reader, body: { name: 'R' } });
      expect(denied).toMatchObject({
        status: 403,
        body: { type: '/problems/forbidden', detail: expect.stringContaining('account:write') },
      });
      expect((await chatter.call('GET', '/workspaces', { as: writer })).status).toBe(403);
    });

    it('give no more rights than they have, nor for longer', async () => {
      const ada = await chatter.register();
      const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
      const later = new Date(Date.now() + 7_200_000).toISOString();
      const scoped = bearer(
        (await create(ada, { name: 'scoped', scopes: ['api-keys:write', 'account:read'], expiresAt })).body.key,
      );
      const wishes = [
        [{ name: 'all rights', expiresAt }, 403],
        [{ name: 'more', scopes: ['account:write'], expiresAt }, 403],
        [{ name: 'one more', scopes: ['account:read', 'workspaces:read'], expiresAt }, 403],
        [{ name: 'for ever', scopes: ['account:read'] }, 403],
        [{ name: 'longer', scopes: ['account:read'], expiresAt: later }, 403],
        [{ name: 'less', scopes: ['account:read'], expiresAt }, 201],
        [{ name: 'included', scopes: ['api-keys:read'], expiresAt }, 201],
      ] as const;
      for (const [wish, status] of wishes)
        expect([wish.name, (await create(scoped, wish)).status]).toEqual([wish.name, status]);
      const reader = bearer((await create(ada, { name: 'reader', scopes: ['account:read'] })).body.key);
      expect((await create(reader, { name: 'any', scopes: ['account:read'] })).status).toBe(403);
    });

    it.each([
      [{ name: 'x', scopes: ['account:admin'] }, '/scopes'],
      [{ name: 'x', scopes: ['nothing:read'] }, '/scopes'],
      [{ name: 'x', scopes: ['*'] }, '/scopes'],
      [{ name: 'x', scopes: [] }, '/scopes'],
      [{ name: 'x', scopes: ['account:read', 'account:read'] }, '/scopes'],
      [{ name: 'x', expiresAt: '2020-01-01T00:00:00.000Z' }, '/expiresAt'],
      [{ name: 'x', expiresAt: 'tomorrow' }, '/expiresAt'],
      [{ name: 'x', expiresAt: '2099-W01' }, '/expiresAt'],
      [{ name: 'x', expiresAt: '+200000-01-01T00:00:00Z' }, '/expiresAt'],
      [{ name: ' ' }, '/name'],
      [{}, '/name'],
    ])('are refused as %j', async (body, pointer) => {
      expect(await create(await chatter.register(), body)).toMatchObject({
        status: 422,
        body: { errors: [{ pointer }] },
      });
    });

    it('belong to their user: another finds none', async () => {
      const [ada, eve] = [await chatter.register(), await chatter.register()];
      const { body } = await create(ada, { name: 'mine' });
      expect((await chatter.call('GET', `/auth/api-keys/${body.id}`, { as: eve })).status).toBe(404);
      expect((await chatter.call('DELETE', `/auth/api-keys/${body.id}`, { as: eve })).status).toBe(404);
      expect((await chatter.call('GET', '/auth/api-keys', { as: eve })).body.items).toEqual([]);
      expect((await me(bearer(body.key))).status).toBe(200);
    });

    it('are listed page by page, newest first', async () => {
      const ada = await chatter.register();
      for (const name of ['1', '2', '3', '4', '5']) await create(ada, { name });
      const names: string[] = [];
      let cursor = '';
      do {
        const { body } = await chatter.call('GET', `/auth/api-keys?limit=2${cursor && `&cursor=${cursor}`}`, {
          as: ada,
        });
        names.push(...body.items.map((key: { name: string }) => key.name));
        cursor = body.nextCursor;
      } while (cursor);
      expect(names).toEqual(['5', '4', '3', '2', '1']);
      expect((await chatter.call('GET', '/auth/api-keys?cursor=nonsense', { as: ada })).status).toBe(422);
    });

    it('are made once for a repeated Idempotency-Key', async () => {
      const ada = await chatter.register();
      const headers = { 'Idempotency-Key': 'the-same' };
      const [one, two] = [await create(ada, { name: 'once' }, headers), await create(ada, { name: 'once' }, headers)];
      expect(two.body).toEqual(one.body);
      expect((await chatter.call('GET', '/auth/api-keys', { as: ada })).body.items).toHaveLength(1);
    });

    it('end no session by logging out', async () => {
      const ada = await chatter.register();
      const key = bearer((await create(ada, { name: 'k' })).body.key);
      expect((await chatter.call('POST', '/auth/logout', { as: key })).status).toBe(204);
      expect((await me(ada)).status).toBe(200);
    });
  });
});

describe('registration closed by the operator', () => {
  it('answers 403, while accounts sign in as before', async () => {
    const open = await startApp();
    const ada = await open.register();
    const closed = await startApp({ REGISTRATION_OPEN: 'false' }, open.database);
    try {
      const answer = await closed.call('POST', '/auth/register', {
        body: { email: 'new@example.com', password: 'long enough' },
      });
      expect(answer).toMatchObject({ status: 403, body: { type: '/problems/registration-closed' } });
      const login = await closed.call('POST', '/auth/login', {
        body: { email: ada.user.email, password: ada.password },
      });
      expect(login.status).toBe(200);
    } finally {
      await closed.close();
      await open.close();
    }
  });
});
