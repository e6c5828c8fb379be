import { createHmac, createPrivateKey, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { Client } from 'pg';
import { signedIn, startApp, type SignedIn, type TestApp } from '../support/app.js';

type Json = Record<string, unknown>;
type Headers = Record<string, string>;

const ec = (namedCurve = 'P-256') => generateKeyPairSync('ec', { namedCurve });
const ours = ec();
const stranger = ec();
const pem = ours.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
const publicPem = ours.publicKey.export({ format: 'pem', type: 'spki' }).toString();

const text = (part: Json): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const partsOf = (token: string) => token.split('.') as [string, string, string];
const decoded = (token: string) =>
  partsOf(token)
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Json) as [Json, Json];

function es256(header: Json, claims: Json, key: KeyObject = ours.privateKey): string {
  const signed = `${text(header)}.${text(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

function hs256(header: Json, claims: Json, secret: string | Buffer): string {
  const signed = `${text(header)}.${text(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const without = (object: Json, name: string): Json =>
  Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
const now = () => Math.floor(Date.now() / 1000);

describe('tokens and sessions under attack', () => {
  let chatter: TestApp;
  let ada: SignedIn;
  let eve: SignedIn;
  let header: Json;
  let claims: Json;
  let sql: Client;
  let attacks = 0;

  beforeAll(async () => {
    chatter = await startApp({ JWT_PRIVATE_KEY: pem.replaceAll('\n', '\\n') });
    [ada, eve] = [await chatter.register(), await chatter.register()];
    [header, claims] = decoded(ada.token);
    sql = new Client(chatter.database.connection);
    await sql.connect();
  });

  afterAll(async () => {
    await sql.end();
    await chatter.close();
  });

  const ask = (headers: Headers) => chatter.call('GET', '/auth/me', { headers });
  const bearer = (token: string): Headers => ({ Authorization: `Bearer ${token}` });

  async function refused(headers: Headers): Promise<void> {
    attacks += 1;
    const { status, headers: answered, body } = await ask(headers);
    expect([status, body.type, answered.get('www-authenticate')]).toEqual([
      401,
      '/problems/unauthenticated',
      expect.stringMatching(/^Bearer realm="chatter", error="invalid_token"/),
    ]);
  }

  it('accepts what the forger makes when nothing about it is wrong', async () => {
    expect((await ask(bearer(es256(header, claims)))).status).toBe(200);
    expect((await ask(bearer(es256(header, { ...claims, exp: now() + 60, jti: randomUUID() })))).status).toBe(200);
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) });
    expect(claims).toEqual({
      sub: ada.user.id,
      sid: expect.any(String),
      ver: 1,
      iss: 'chatter',
      aud: 'chatter-api',
      iat: expect.any(Number),
      exp: (claims.iat as number) + 600,
      jti: expect.any(String),
    });
  });

  describe('algorithm', () => {
    it.each(['none', 'None', 'NONE', 'nOnE', ''])('alg "%s" without a signature', (alg) =>
      refused(bearer(`${text({ ...header, alg })}.${text(claims)}.`)),
    );
    it('alg none with a signature', () =>
      refused(bearer(`${text({ ...header, alg: 'none' })}.${text(claims)}.${partsOf(ada.token)[2]}`)));
    it('alg none and no third part', () => refused(bearer(`${text({ ...header, alg: 'none' })}.${text(claims)}`)));
    it('no alg', () => refused(bearer(es256(without(header, 'alg'), claims))));
    it('HS256 keyed with the public key in PEM', () =>
      refused(bearer(hs256({ ...header, alg: 'HS256' }, claims, publicPem))));
    it('HS256 keyed with the trimmed PEM', () =>
      refused(bearer(hs256({ ...header, alg: 'HS256' }, claims, publicPem.trim()))));
    it('HS256 keyed with the public key in DER', () =>
      refused(
        bearer(hs256({ ...header, alg: 'HS256' }, claims, ours.publicKey.export({ format: 'der', type: 'spki' }))),
      ));
    it('HS256 keyed with the public JWK', () =>
      refused(
        bearer(hs256({ ...header, alg: 'HS256' }, claims, JSON.stringify(ours.publicKey.export({ format: 'jwk' })))),
      ));
    it('HS256 keyed with nothing', () => refused(bearer(hs256({ ...header, alg: 'HS256' }, claims, ''))));
    it('an HMAC under the name ES256', () => refused(bearer(hs256(header, claims, publicPem))));
    it('RS256 with a key of the attacker', () => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const signed = `${text({ ...header, alg: 'RS256' })}.${text(claims)}`;
      return refused(bearer(`${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`));
    });
    it('ES384 with a key of the attacker', () =>
      refused(bearer(es256({ ...header, alg: 'ES384' }, claims, ec('P-384').privateKey))));
    it('a P-384 key under the name ES256', () => refused(bearer(es256(header, claims, ec('P-384').privateKey))));
  });

  describe('key', () => {
    it('another key', () => refused(bearer(es256(header, claims, stranger.privateKey))));
    it('another key, carried in the header', () =>
      refused(
        bearer(es256({ ...header, jwk: stranger.publicKey.export({ format: 'jwk' }) }, claims, stranger.privateKey)),
      ));
    it('another key, named by jku', () =>
      refused(bearer(es256({ ...header, jku: 'http://127.0.0.1:9/jwks' }, claims, stranger.privateKey))));
    it('another key, named by x5u', () =>
      refused(bearer(es256({ ...header, x5u: 'http://127.0.0.1:9/x' }, claims, stranger.privateKey))));
    it('our key and a jwk beside it', () =>
      refused(bearer(es256({ ...header, jwk: ours.publicKey.export({ format: 'jwk' }) }, claims))));
    it('no kid', () => refused(bearer(es256(without(header, 'kid'), claims))));
    it('another kid', () => refused(bearer(es256({ ...header, kid: 'other' }, claims))));
    it('a list of kids', () => refused(bearer(es256({ ...header, kid: [header.kid] }, claims))));
    it('a kid that is a path to an empty file', () =>
      refused(bearer(hs256({ ...header, alg: 'HS256', kid: '../../../../dev/null' }, claims, ''))));
    it('a kid that is SQL', () =>
      refused(bearer(hs256({ ...header, alg: 'HS256', kid: "x' UNION SELECT 'secret' --" }, claims, 'secret'))));
  });

  describe('header', () => {
    it.each(['JWT', 'jwt', 'at+JWT', 'application/at+jwt', 'rt+jwt', 'id+jwt', ''])('typ "%s"', (typ) =>
      refused(bearer(es256({ ...header, typ }, claims))),
    );
    it('no typ', () => refused(bearer(es256(without(header, 'typ'), claims))));
    it('a critical extension', () => refused(bearer(es256({ ...header, crit: ['exp2'], exp2: 1 }, claims))));
    it('an unencoded payload', () => refused(bearer(es256({ ...header, b64: false, crit: ['b64'] }, claims))));
    it('a nested token', () => refused(bearer(es256({ ...header, cty: 'JWT' }, claims))));
  });

  describe('claims', () => {
    it.each(['sub', 'sid', 'ver', 'iss', 'aud', 'iat', 'exp', 'jti'])('no %s', (claim) =>
      refused(bearer(es256(header, without(claims, claim)))),
    );
    it.each([
      ['iss', 'https://evil.example'],
      ['iss', ['chatter']],
      ['aud', 'another-api'],
      ['aud', ['chatter-api', 'another-api']],
      ['aud', ''],
      ['exp', 1],
      ['exp', '99999999999'],
      ['exp', null],
      ['iat', 99_999_999_999],
      ['nbf', 99_999_999_999],
      ['sub', ''],
      ['sub', '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b'],
      ['sub', { $ne: null }],
      ['sid', '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b'],
      ['sid', "' OR true --"],
      ['ver', 0],
      ['ver', 2],
      ['ver', '1'],
      ['ver', null],
      ['scope', 'admin'],
    ])('%s is %j', (claim, value) => refused(bearer(es256(header, { ...claims, [claim]: value }))));
    it('expired a second ago, with a true signature', async () => {
      await refused(bearer(es256(header, { ...claims, iat: now() - 600, exp: now() - 1 })));
      const { body } = await ask(bearer(es256(header, { ...claims, iat: now() - 600, exp: now() - 1 })));
      expect(body.detail).toContain('expired');
    });
    it("another user's name on one's own session", () =>
      refused(bearer(es256(header, { ...claims, sub: eve.user.id }))));
    it("another user's session under one's own name", () =>
      refused(bearer(es256(header, { ...claims, sid: decoded(eve.token)[1].sid }))));
    it('claims that are no object', () => refused(bearer(es256(header, ['x'] as never))));
  });

  describe('bytes', () => {
    const mutated = (change: (header: string, claims: string, signature: string) => string) =>
      refused(bearer(change(...partsOf(ada.token))));
    it('changed claims', () => mutated((h, _, s) => `${h}.${text({ ...claims, sub: eve.user.id })}.${s}`));
    it('changed header', () =>
      mutated((_, c, s) => `${text({ typ: header.typ, alg: header.alg, kid: header.kid })}.${c}.${s}`));
    it('cut signature', () => mutated((h, c, s) => `${h}.${c}.${s.slice(0, -4)}`));
    it('longer signature', () => mutated((h, c, s) => `${h}.${c}.${s}AAAA`));
    it('no signature', () => mutated((h, c) => `${h}.${c}.`));
    it('zero signature', () => mutated((h, c) => `${h}.${c}.${Buffer.alloc(64).toString('base64url')}`));
    it('a signature of one point', () => mutated((h, c) => `${h}.${c}.${Buffer.alloc(64, 1).toString('base64url')}`));
    it('a signature in DER', () =>
      mutated(
        (h, c) => `${h}.${c}.${sign('sha256', Buffer.from(`${h}.${c}`), createPrivateKey(pem)).toString('base64url')}`,
      ));
    it('the same signature written differently', () =>
      mutated((h, c, s) => {
        const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
        const twin = s.slice(0, -1) + alphabet[alphabet.indexOf(s.at(-1)!) ^ 1]!;
        expect(Buffer.from(twin, 'base64url')).toEqual(Buffer.from(s, 'base64url'));
        return `${h}.${c}.${twin}`;
      }));
    it('the same signature, padded', () => mutated((h, c, s) => `${h}.${c}.${s}==`));
    it('a fourth part', () => mutated((h, c, s) => `${h}.${c}.${s}.${s}`));
    it('five parts', () => mutated((h, c, s) => `${h}..${c}.${s}.${s}`));
    it('empty header', () => mutated((_, c, s) => `.${c}.${s}`));
    it('a JSON serialisation', () =>
      mutated((h, c, s) => Buffer.from(JSON.stringify({ protected: h, payload: c, signature: s })).toString('base64')));
    it('a very long token', () => refused(bearer(`${'a'.repeat(6_000)}.b.c`)));
    it('two tokens', () => refused({ Authorization: `Bearer ${ada.token}, Bearer ${ada.token}` }));
    it('a token under another scheme', () => refused({ Authorization: `Token ${ada.token}` }));
    it('a token without a scheme', () => refused({ Authorization: ada.token }));
    it('Basic', () =>
      refused({ Authorization: `Basic ${Buffer.from(`${ada.user.email}:${ada.password}`).toString('base64')}` }));
    it('an access token as an API key', () => refused({ 'X-API-Key': ada.token }));
    it('a refresh token as an access token', () => refused(bearer(ada.refreshToken)));
    it('a token and a key at once', () => refused({ ...bearer(ada.token), 'X-API-Key': `ck_${'a'.repeat(43)}` }));
  });

  describe('elsewhere', () => {
    it.each([
      ['in a cookie', { Cookie: 'access_token=TOKEN; Authorization=Bearer TOKEN' }, ''],
      ['in the query', {}, '?access_token=TOKEN&token=TOKEN'],
      [
        'as a header of a proxy',
        { 'X-Forwarded-User': 'USER', 'X-User-Id': 'USER', 'Proxy-Authorization': 'Bearer TOKEN' },
        '',
      ],
    ])('%s a token proves nothing', async (_, headers, query) => {
      attacks += 1;
      const filled = (value: string) => value.replaceAll('TOKEN', ada.token).replaceAll('USER', ada.user.id);
      const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, filled(value)]));
      expect((await chatter.call('GET', `/auth/me${filled(query)}`, { headers: given })).status).toBe(401);
    });

    it.each(['ACCESS', '', 'rt_', `rt_${'a'.repeat(43)}`, "' OR true --"])(
      '"%s" is no refresh token',
      async (token) => {
        attacks += 1;
        const refreshToken = token.replace('ACCESS', ada.token.slice(0, 200));
        const { status } = await chatter.call('POST', '/auth/refresh', { body: { refreshToken } });
        expect([401, 422]).toContain(status);
      },
    );

    it.each(['%', 'ck_', `ck_${'a'.repeat(43)}`, `ck_${'a'.repeat(44)}`, `ck_${'%'.repeat(43)}`])(
      '"%s" is no API key',
      (key) => refused({ 'X-API-Key': key }),
    );
  });

  describe('what has ended', () => {
    it('a session that was logged out', async () => {
      const user = await chatter.register();
      await chatter.call('POST', '/auth/logout', { as: user });
      await refused(user.headers);
    });

    it('a session whose refresh token was used twice', async () => {
      const user = await chatter.register();
      for (let i = 0; i < 2; i++)
        await chatter.call('POST', '/auth/refresh', { body: { refreshToken: user.refreshToken } });
      await refused(user.headers);
    });

    it('a session from before a change of password', async () => {
      const user = await chatter.register();
      const body = { currentPassword: user.password, newPassword: 'a better password' };
      await chatter.call('POST', '/auth/change-password', { as: user, body });
      await refused(user.headers);
      await refused(bearer(es256(header, { ...decoded(user.token)[1], ver: 2 })));
    });

    it('a session opened with the old password while it was being changed', async () => {
      const user = await chatter.register();
      await sql.query('UPDATE app_user SET session_version = session_version + 1 WHERE id = $1', [user.user.id]);
      await refused(user.headers);
      attacks += 1;
      expect((await chatter.call('POST', '/auth/refresh', { body: { refreshToken: user.refreshToken } })).status).toBe(
        401,
      );
    });

    it('a session past its last day, with a token that is not', async () => {
      const user = await chatter.register();
      await sql.query(`UPDATE session SET expires_at = now() - interval '1 second' WHERE user_id = $1`, [user.user.id]);
      await refused(user.headers);
      attacks += 1;
      expect((await chatter.call('POST', '/auth/refresh', { body: { refreshToken: user.refreshToken } })).status).toBe(
        401,
      );
    });

    it('a refresh token past its days', async () => {
      attacks += 1;
      const user = await chatter.register();
      await sql.query(
        `UPDATE refresh_token SET expires_at = now() WHERE session_id IN (SELECT id FROM session WHERE user_id = $1)`,
        [user.user.id],
      );
      expect((await chatter.call('POST', '/auth/refresh', { body: { refreshToken: user.refreshToken } })).status).toBe(
        401,
      );
    });

    it('the tokens and keys of a deleted user', async () => {
      const user = await chatter.register();
      const { body } = await chatter.call('POST', '/auth/api-keys', { as: await fresh(user), body: { name: 'k' } });
      await sql.query('DELETE FROM app_user WHERE id = $1', [user.user.id]);
      await refused(user.headers);
      await refused(bearer(body.key));
    });

    it('an API key that was revoked, or has expired', async () => {
      const user = await chatter.register();
      const make = async () => (await chatter.call('POST', '/auth/api-keys', { as: user, body: { name: 'k' } })).body;
      const [revoked, expired] = [await make(), await make()];
      await chatter.call('DELETE', `/auth/api-keys/${revoked.id}`, { as: user });
      await sql.query(`UPDATE api_key SET expires_at = now() WHERE id = $1`, [expired.id]);
      await refused(bearer(revoked.key));
      await refused(bearer(expired.key));
      await refused({ 'X-API-Key': expired.key });
      const { rows } = await sql.query<{ key_hash: Buffer }>('SELECT key_hash FROM api_key WHERE id = $1', [
        expired.id,
      ]);
      await refused(bearer(`ck_${rows[0]!.key_hash.toString('base64url')}`));
    });
  });

  it('stores no secret that could be read and used', async () => {
    const { rows } = await sql.query<{ stored: string }>(
      `SELECT app_user::text AS stored FROM app_user UNION ALL SELECT refresh_token::text FROM refresh_token
       UNION ALL SELECT api_key::text FROM api_key UNION ALL SELECT signing_key::text FROM signing_key`,
    );
    const stored = rows.map((row) => row.stored).join('\n');
    for (const secret of [ada.password, ada.refreshToken, ada.refreshToken.slice(3), 'PRIVATE KEY'])
      expect(stored).not.toContain(secret);
  });

  it('made more than forty attacks and still knows whom it trusts', async () => {
    expect(attacks).toBeGreaterThan(90);
    expect((await ask(ada.headers)).status).toBe(200);
  });

  /** The same user in a session that nobody has asked about yet, so that its state is in no cache. */
  async function fresh(user: SignedIn): Promise<SignedIn> {
    const { body } = await chatter.call('POST', '/auth/login', {
      body: { email: user.user.email, password: user.password },
    });
    return signedIn(body, user.password);
  }
});
