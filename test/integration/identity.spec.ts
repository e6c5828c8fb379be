import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { Client } from 'pg';
import { ServerConfig } from '../../src/platform/config/server.config.js';
import { Database } from '../../src/platform/database/database.js';
import type { EmbeddedDatabase } from '../../src/platform/database/embedded-database.js';
import { Sealer, SealBroken } from '../../src/platform/sealing/sealer.js';
import { AccountService } from '../../src/security/identity/account.service.js';
import { ApiKeys } from '../../src/security/identity/api-keys.js';
import { DevelopmentUser, DEVELOPMENT_EMAIL, type Credentials } from '../../src/security/identity/development-user.js';
import { ExpiryService } from '../../src/security/identity/expiry.service.js';
import { IdentityConfig } from '../../src/security/identity/identity.config.js';
import { SessionRepository } from '../../src/security/identity/session.repository.js';
import { SigningKey } from '../../src/security/identity/signing-key.js';
import { perMinute, type Rate } from '../../src/security/throttle/gcra.js';
import { ThrottleRepository } from '../../src/security/throttle/throttle.repository.js';
import { startApp, type TestApp } from '../support/app.js';

describe('identity in the database', () => {
  let chatter: TestApp;
  let database: Database;
  let sql: Client;

  beforeAll(async () => {
    chatter = await startApp();
    database = chatter.app.get(Database, { strict: false });
    sql = new Client(chatter.database.connection);
    await sql.connect();
  });

  afterAll(async () => {
    await sql.end();
    await chatter.close();
  });

  describe('the signing key', () => {
    const sealer = new Sealer(Buffer.alloc(32, 7));
    const load = (with_: Sealer = sealer, environment = {}) =>
      SigningKey.load(new IdentityConfig(environment), database, with_);

    it('is one for all processes that start at once, and the same after a restart', async () => {
      await sql.query('DELETE FROM signing_key');
      const keys = await Promise.all(Array.from({ length: 12 }, () => load()));
      expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
      expect((await load()).id).toBe(keys[0]!.id);
      expect((await sql.query('SELECT 1 FROM signing_key')).rowCount).toBe(1);
    });

    it('opens only with the key it was sealed with', async () => {
      await load();
      await expect(load(new Sealer(Buffer.alloc(32, 8)))).rejects.toBeInstanceOf(SealBroken);
    });

    it('is JWT_PRIVATE_KEY when that is set', async () => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
      const [one, two] = [
        await load(sealer, { JWT_PRIVATE_KEY: pem }),
        await load(sealer, { JWT_PRIVATE_KEY: pem.replaceAll('\n', '\\n') }),
      ];
      expect(one.privateKey.equals(privateKey)).toBe(true);
      expect(two.id).toBe(one.id);
    });

    it.each([
      ['nonsense', 'nonsense'],
      [
        'another curve',
        generateKeyPairSync('ec', { namedCurve: 'P-384' })
          .privateKey.export({ format: 'pem', type: 'pkcs8' })
          .toString(),
      ],
      [
        'RSA',
        generateKeyPairSync('rsa', { modulusLength: 2048 })
          .privateKey.export({ format: 'pem', type: 'pkcs8' })
          .toString(),
      ],
      [
        'a public key',
        generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'pem', type: 'spki' }).toString(),
      ],
    ])('is refused at start when it is %s', (_, pem) => {
      expect(() => new IdentityConfig({ JWT_PRIVATE_KEY: pem })).toThrow('must be an EC P-256 private key');
    });
  });

  describe('the throttle', () => {
    const throttle = () => new ThrottleRepository(database);
    const hourly: Rate = { limit: 10, intervalMs: 360_000, windowMs: 3_600_000 };

    it('allows its limit at once, also to simultaneous callers, and tells how full it is', async () => {
      const counted = await Promise.all(Array.from({ length: 30 }, () => throttle().count('burst', hourly)));
      expect(counted.filter(({ allowed }) => allowed)).toHaveLength(10);
      const refused = counted.filter(({ allowed }) => !allowed);
      for (const { fullInMs } of refused) {
        expect(fullInMs).toBeGreaterThan(3_600_000 - 360_000);
        // By the clock of a statement that may have waited for the others.
        expect(fullInMs).toBeLessThan(3_600_000 + 60_000);
      }
    });

    it('allows one more after one interval, not before', async () => {
      for (let i = 0; i < 10; i++) await throttle().count('refill', hourly);
      const back = (ms: number) =>
        sql.query(`UPDATE throttle SET full_at = now() + (3600000 - $1::int) * interval '1 ms' WHERE key = 'refill'`, [
          ms,
        ]);
      await back(330_000);
      expect((await throttle().count('refill', hourly)).allowed).toBe(false);
      await back(360_000);
      expect((await throttle().count('refill', hourly)).allowed).toBe(true);
      expect((await throttle().count('refill', hourly)).allowed).toBe(false);
    });

    it('keeps counting when the transaction around it fails', async () => {
      const failing = database.transaction(async () => {
        await throttle().count('rolled back', perMinute(1));
        throw new Error('undone');
      });
      await expect(failing).rejects.toThrow('undone');
      expect((await throttle().count('rolled back', perMinute(1))).allowed).toBe(false);
    });
  });

  describe('what is over', () => {
    it('is forgotten by the sweep, and nothing else', async () => {
      const [ada, bob] = [await chatter.register(), await chatter.register()];
      await sql.query(`UPDATE session SET expires_at = now() - interval '1 s' WHERE user_id = $1`, [ada.user.id]);
      await sql.query(
        `INSERT INTO throttle VALUES ('over', now() - interval '1 s', true), ('counting', now() + interval '1 min', true)`,
      );
      await chatter.app.get(ExpiryService, { strict: false }).sweep();
      const sessions = await sql.query<{ user_id: string }>('SELECT user_id FROM session WHERE user_id IN ($1, $2)', [
        ada.user.id,
        bob.user.id,
      ]);
      expect(sessions.rows).toEqual([{ user_id: bob.user.id }]);
      const keys = await sql.query<{ key: string }>(`SELECT key FROM throttle WHERE key IN ('over', 'counting')`);
      expect(keys.rows).toEqual([{ key: 'counting' }]);
    });
  });

  describe('a session opened with the old password while it was being changed', () => {
    it('is dead before its first use', async () => {
      const ada = await chatter.register();
      const sessions = chatter.app.get(SessionRepository, { strict: false });
      await sql.query('UPDATE app_user SET session_version = 2 WHERE id = $1', [ada.user.id]);
      const lifetimes = { refreshTokenDays: 1, sessionDays: 1 };
      const opened = await sessions.open({ userId: ada.user.id, sessionVersion: 1 }, Buffer.from('late'), lifetimes);
      expect(await sessions.live(opened.sessionId)).toBeUndefined();
      expect(await sessions.rotate(Buffer.from('late'), Buffer.from('next'), 1)).toBeUndefined();
    });
  });

  describe('the development user', () => {
    let dataDir: string;

    beforeEach(async () => {
      dataDir = await mkdtemp(join(tmpdir(), 'chatter-dev-'));
      await sql.query('DELETE FROM app_user WHERE email_key = $1', [DEVELOPMENT_EMAIL]);
    });

    afterEach(() => rm(dataDir, { recursive: true }));

    async function start(environment: Record<string, string> = {}, isUsed = true): Promise<Credentials | undefined> {
      const config = new ServerConfig({ DATA_DIR: dataDir, ...environment });
      const [accounts, keys] = [
        chatter.app.get(AccountService, { strict: false }),
        chatter.app.get(ApiKeys, { strict: false }),
      ];
      const user = new DevelopmentUser(config, { isUsed } as EmbeddedDatabase, database, accounts, keys);
      await user.onApplicationBootstrap();
      return user.credentials();
    }

    const path = () => join(dataDir, 'development-user.json');
    const works = async ({ email, password, apiKey }: Credentials) => [
      (await chatter.call('POST', '/auth/login', { body: { email, password } })).status,
      (await chatter.call('GET', '/auth/me', { headers: { 'X-API-Key': apiKey } })).body.isSystemAdmin,
    ];

    it('is a system admin whose password and key work and are kept for their owner alone', async () => {
      const credentials = (await start())!;
      expect(await works(credentials)).toEqual([200, true]);
      expect(JSON.parse(await readFile(path(), 'utf8'))).toEqual(credentials);
      expect((await stat(path())).mode & 0o777).toBe(0o600);
    });

    it('stays the same over restarts and simultaneous starts', async () => {
      const first = await Promise.all([start(), start(), start()]);
      expect([...first.slice(1), await start()]).toEqual(Array(3).fill(first[0]));
    });

    it('is made anew when its file is missing, broken or no longer true', async () => {
      const first = (await start())!;
      await rm(path());
      const second = (await start())!;
      expect(second.password).not.toBe(first.password);
      expect(await works(second)).toEqual([200, true]);
      await writeFile(path(), '{"email": 1}');
      const third = (await start())!;
      expect(await works(third)).toEqual([200, true]);
      await sql.query('UPDATE api_key SET revoked_at = now()');
      await sql.query('DELETE FROM app_user WHERE email_key = $1', [DEVELOPMENT_EMAIL]);
      const fourth = (await start({}))!;
      expect(fourth.apiKey).not.toBe(third.apiKey);
    });

    it('closes a file that others could read', async () => {
      const first = await start();
      await chmod(path(), 0o644);
      expect(await start()).toEqual(first);
      expect((await stat(path())).mode & 0o777).toBe(0o600);
    });

    it('does not exist in production or on a database of one’s own', async () => {
      expect(await start({ NODE_ENV: 'production' })).toBeUndefined();
      expect(await start({}, false)).toBeUndefined();
      expect(await chatter.app.get(AccountService, { strict: false }).byEmail(DEVELOPMENT_EMAIL)).toBeNull();
      expect(await chatter.app.get(DevelopmentUser, { strict: false }).credentials()).toBeUndefined();
    });
  });
});
