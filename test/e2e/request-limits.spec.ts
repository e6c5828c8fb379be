import { startApp, type Answer, type TestApp } from '../support/app.js';

const THROTTLED = { status: 429, body: { type: '/problems/too-many-requests' } };
const retryAfter = ({ headers }: Answer) => Number(headers.get('retry-after'));

describe('logins', () => {
  let chatter: TestApp;

  beforeAll(async () => {
    chatter = await startApp({ LOGIN_PER_MINUTE_PER_ACCOUNT: '3', LOGIN_PER_MINUTE_PER_ADDRESS: '12' });
  });

  afterAll(() => chatter.close());

  it('are bounded per account, known or not, and per address over all accounts', async () => {
    const ada = await chatter.register();
    const login = (email: string, password = 'a wrong guess') =>
      chatter.call('POST', '/auth/login', { body: { email, password } });
    const many = async (email: string) =>
      [await login(email), await login(email), await login(email)].map(({ status }) => status);

    const startedAt = Date.now();
    expect(await many(ada.user.email)).toEqual([401, 401, 401]);
    const refused = await login(ada.user.email.toUpperCase(), ada.password);
    expect(refused).toMatchObject(THROTTLED);
    expect(retryAfter(refused)).toBeGreaterThanOrEqual(20 - Math.ceil((Date.now() - startedAt) / 1_000));
    expect(retryAfter(refused)).toBeLessThanOrEqual(20);
    expect(refused.body.detail).toContain('logins of this account');

    expect(await many('nobody@example.com')).toEqual([401, 401, 401]);
    expect(await login('nobody@example.com')).toMatchObject(THROTTLED);

    // Eight so far; one more is allowed every five seconds.
    let allowed = 8;
    let address = await login('other@example.com');
    for (; address.status === 401 && allowed < 100; allowed++) address = await login(`other${allowed}@example.com`);
    expect(address).toMatchObject(THROTTLED);
    expect(address.body.detail).toContain('logins from this address');
    expect(retryAfter(address)).toBeLessThanOrEqual(5);
    expect(allowed).toBeGreaterThanOrEqual(12);
    expect(allowed).toBeLessThanOrEqual(12 + Math.ceil((Date.now() - startedAt) / 5_000));
  });

  it('share their allowance with guesses at the present password when changing it', async () => {
    const ada = await chatter.register();
    const body = { currentPassword: 'a wrong guess', newPassword: 'a better password' };
    const guess = () => chatter.call('POST', '/auth/change-password', { as: ada, body });
    expect([await guess(), await guess(), await guess()].map(({ status }) => status)).toEqual([422, 422, 422]);
    expect(await guess()).toMatchObject(THROTTLED);
  });
});

describe('registrations', () => {
  it('are bounded per address, over all processes', async () => {
    const one = await startApp({ REGISTRATION_PER_MINUTE_PER_ADDRESS: '3' });
    const two = await startApp({ REGISTRATION_PER_MINUTE_PER_ADDRESS: '3' }, one.database);
    try {
      await one.register();
      await two.register();
      await one.register();
      const refused = await two.call('POST', '/auth/register', {
        body: { email: 'late@example.com', password: 'long enough' },
      });
      expect(refused).toMatchObject(THROTTLED);
      expect(retryAfter(refused)).toBeGreaterThan(0);
    } finally {
      await two.close();
      await one.close();
    }
  });
});

describe('requests', () => {
  let chatter: TestApp;

  beforeAll(async () => {
    chatter = await startApp({
      REQUESTS_PER_MINUTE: '6',
      REQUESTS_BURST: '3',
      BAD_CREDENTIALS_PER_MINUTE_PER_ADDRESS: '20',
    });
  });

  afterAll(() => chatter.close());

  it('of one user are counted down in the headers and refused with the wait; others are not held up', async () => {
    const [ada, bob] = [await chatter.register(), await chatter.register()];
    const answers: Answer[] = [];
    const startedAt = Date.now();
    for (let i = 0; i < 5; i++) answers.push(await chatter.call('GET', '/auth/me', { as: ada }));
    expect(answers.slice(0, 3).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers.slice(0, 3).map(({ headers }) => headers.get('ratelimit-remaining'))).toEqual(['2', '1', '0']);
    const refused = answers.at(-1)!;
    expect(refused).toMatchObject(THROTTLED);
    expect(retryAfter(refused)).toBeLessThanOrEqual(10);
    expect(retryAfter(refused)).toBeGreaterThanOrEqual(10 - Math.ceil((Date.now() - startedAt) / 1_000));
    expect(refused.headers.get('ratelimit-limit')).toBe('3');
    expect(Number(refused.headers.get('ratelimit-reset'))).toBeGreaterThan(1);
    expect((await chatter.call('GET', '/auth/me', { as: bob })).status).toBe(200);
  });

  it('that name a foreign workspace or lack a right count and carry the headers too', async () => {
    const ada = await chatter.register();
    const foreign = await chatter.call('GET', '/auth/me', { as: ada, headers: { 'X-Workspace-Id': 'x' } });
    expect([foreign.status, foreign.headers.get('ratelimit-remaining')]).toEqual([404, '2']);
  });

  it('with bad credentials are bounded per address, before they are looked at', async () => {
    const forged = { Authorization: `Bearer ck_${'a'.repeat(43)}` };
    const statuses: number[] = [];
    for (let i = 0; i < 25; i++) statuses.push((await chatter.call('GET', '/auth/me', { headers: forged })).status);
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(401));
    expect(statuses.at(-1)).toBe(429);
    expect((await chatter.call('GET', '/auth/me')).status).toBe(401);
  });
});
