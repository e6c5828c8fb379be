import { IdentityConfig } from './identity.config.js';
import { Passwords } from './passwords.js';

describe('Passwords', () => {
  const passwords = new Passwords(new IdentityConfig({}));

  it('hashes with argon2id at 19 MiB, 2 passes, 1 lane and a salt of its own', async () => {
    const [one, two] = await Promise.all([passwords.hash('correct horse'), passwords.hash('correct horse')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(two);
    expect(await passwords.matches('correct horse', one)).toBe(true);
    expect(await passwords.matches('correct horsf', one)).toBe(false);
  });

  it('matches nothing when there is no hash, in about the same time', async () => {
    const known = await passwords.hash('correct horse');
    const time = async (hash: string | undefined) => {
      const start = performance.now();
      expect(await passwords.matches('guess', hash)).toBe(false);
      return performance.now() - start;
    };
    const times: (readonly [number, number])[] = [];
    for (let i = 0; i < 20; i++) times.push([await time(undefined), await time(known)]);
    const ratio = Math.min(...times.map(([without]) => without)) / Math.min(...times.map(([, given]) => given));
    expect(ratio).toBeGreaterThan(0.3);
    expect(ratio).toBeLessThan(3);
  });

  it('refuses what would wait too long', async () => {
    const answers = await Promise.allSettled(Array.from({ length: 110 }, () => passwords.matches('guess', undefined)));
    const refused = answers.filter((answer) => answer.status === 'rejected');
    expect(refused).toHaveLength(110 - 102);
    expect(refused[0]!.reason).toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
  });
});
