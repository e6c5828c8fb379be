import { createHash, createHmac } from 'node:crypto';

/** A text with the parts of it that must not be shown; none for one that only looks like it. */
export interface LabelledText {
  readonly text: string;
  readonly secrets: readonly string[];
  /** The kind of the secrets, or what the text only looks like. */
  readonly about: string;
}

/** The same `count` texts for the same seed, half of them with secrets. */
export function labelledTexts(count: number, seed: number): readonly LabelledText[] {
  const dice = new Dice(seed);
  const positives = Object.entries(SECRETS);
  const negatives = Object.entries(HARMLESS);
  return Array.from({ length: count }, (_, index) => {
    const turn = index >> 1;
    if (index % 2 === 0) {
      const [about, make] = positives[turn % positives.length]!;
      const { secret, templates } = make(dice);
      return {
        about,
        secrets: [secret],
        text: framed(
          dice,
          dice.of(templates).replace('@@', () => secret),
        ),
      };
    }
    const [about, make] = negatives[turn % negatives.length]!;
    return { about, secrets: [], text: framed(dice, make(dice)) };
  });
}

/** A small generator of its own (mulberry32), so that the set is the same everywhere. */
class Dice {
  constructor(private state: number) {}

  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  of<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  text(length: number, alphabet: string): string {
    return Array.from({ length }, () => alphabet[this.below(alphabet.length)]).join('');
  }

  digits = (length: number): string => this.text(length, '0123456789');
  alnum = (length: number): string => this.text(length, LETTERS + LETTERS.toUpperCase() + '0123456789');
  hex = (length: number): string => this.text(length, '0123456789abcdef');
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const NAMES = ['anna', 'j.doe', 'mary-ann', 'li_wei', 'o.neill', 'support+tag', 'Max.Mustermann', 'x', 'team42'];
const HOSTS = [
  'example.com',
  'mail.example.co.uk',
  'uni-koeln.de',
  'corp.internal.example',
  'example.io',
  'a-b.example.org',
];
const WORDS =
  'the quick report about our last order was sent to them before noon and nobody had looked at it since'.split(' ');

const prose = (dice: Dice): string => Array.from({ length: 3 + dice.below(7) }, () => dice.of(WORDS)).join(' ');

/** With prose before and behind, on lines of its own, or as it is. */
function framed(dice: Dice, text: string): string {
  return dice.of([
    () => text,
    () => `${prose(dice)} ${text} ${prose(dice)}`,
    () => `${prose(dice)}.\n${text}\n${prose(dice)}.`,
    () => `Bitte prüfen Sie: ${text}`,
  ])();
}

interface Positive {
  readonly secret: string;
  /** With `@@` where the secret is. */
  readonly templates: readonly string[];
}

const SECRETS: Readonly<Record<string, (dice: Dice) => Positive>> = {
  email: (dice) => ({
    secret: `${dice.of(NAMES)}${dice.below(90) + 10}@${dice.of(HOSTS)}`,
    templates: [
      'Write to @@.',
      'mailto:@@',
      '<@@>',
      '{"email":"@@"}',
      'From: Anna <@@>',
      'contact=@@',
      '(@@)',
      '联系@@。',
    ],
  }),
  password: (dice) => ({
    secret: dice
      .of([
        `${dice.of(NAMES)}!${dice.digits(3)}`,
        dice.alnum(12),
        `Tr0ub4dor&${dice.digits(2)}`,
        'swordfish' + dice.digits(2),
      ])
      .replace('&', '#'),
    templates: [
      'password: @@',
      'password=@@',
      '"password": "@@"',
      "pwd = '@@'",
      'DB_PASSWORD=@@',
      'my password is @@',
      'Password: @@, thanks',
      '{"userPassword":"@@"}',
      'passphrase = "@@"',
      'Passwort: @@',
      '--password @@',
    ],
  }),
  passphrase: (dice) => ({
    secret: Array.from({ length: 4 }, () =>
      dice.of(['correct', 'horse', 'battery', 'staple', 'violet', 'canyon']),
    ).join(' '),
    templates: ['password = "@@"', '"passphrase": "@@"', "secret: '@@'"],
  }),
  apiKey: (dice) => ({
    secret: dice.alnum(24 + dice.below(16)),
    templates: [
      'api_key=@@x9',
      'API key: @@x9',
      'apiKey: "@@x9"',
      'X-Api-Key: @@x9',
      'SECRET_KEY=@@x9',
      'client_secret=@@x9&grant_type=code',
      'access_token=@@x9',
      '?token=@@x9',
      'aws_secret_access_key = @@x9',
      'AccountKey=@@x9;EndpointSuffix=core',
    ],
  }),
  bearer: (dice) => ({
    secret: dice.of([dice.alnum(32) + '7', dice.hex(40) + '1', `${dice.alnum(12)}4.${dice.alnum(20)}`]),
    templates: [
      'Authorization: Bearer @@',
      'authorization: bearer @@',
      '-H "Authorization: Bearer @@"',
      '{"Authorization":"Bearer @@"}',
    ],
  }),
  basic: (dice) => ({
    secret: Buffer.from(`${dice.of(NAMES)}:${dice.alnum(10)}`).toString('base64'),
    templates: ['Authorization: Basic @@', 'authorization: basic @@'],
  }),
  jwt: (dice) => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const body = `${part({ alg: dice.of(['HS256', 'ES256', 'none']), typ: 'JWT' })}.${part({ sub: dice.digits(8) })}`;
    return {
      secret: `${body}.${createHmac('sha256', 'k').update(body).digest('base64url')}`,
      templates: ['@@', 'token @@ expired', '"accessToken":"@@"', 'Cookie: session=@@; Path=/', 'Bearer @@'],
    };
  },
  card: (dice) => {
    const digits = withCheckDigit(dice.of(['4', '51', '55', '2223', '6011']) + dice.digits(15), 15);
    const shape = dice.of(['', ' ', '-']);
    const secret = digits.replace(/(\d{4})(?=\d)/g, `$1${shape}`);
    return {
      secret,
      templates: ['card @@', 'Karte: @@, gültig bis 09/27', '"pan":"@@"', 'charge @@ today', 'No. @@.'],
    };
  },
  amex: (dice) => {
    const digits = withCheckDigit(dice.of(['34', '37']) + dice.digits(14), 14);
    const secret = dice.of([digits, `${digits.slice(0, 4)} ${digits.slice(4, 10)} ${digits.slice(10)}`]);
    return { secret, templates: ['amex @@', 'pay with @@ please'] };
  },
  iban: (dice) => {
    const [country, length, letters] = dice.of([
      ['DE', 22, 0],
      ['GB', 22, 4],
      ['NL', 18, 4],
      ['FR', 27, 0],
      ['AT', 20, 0],
    ] as const);
    const account = dice.text(letters, 'ABCDEFGH') + dice.digits(length - 4 - letters);
    const compact = withCheckDigits(country, account);
    const secret = dice.of([compact, compact.replace(/(.{4})(?=.)/g, '$1 ')]);
    return { secret, templates: ['IBAN @@', 'IBAN: @@', 'Konto @@, danke', 'pay to @@.', '{"iban":"@@"}'] };
  },
  ssn: (dice) => ({
    secret: `${dice.of(['123', '219', '457', '078', '665'])}-${dice.of(['05', '45', '99'])}-${dice.of(['1120', '6789', '9999'])}`,
    templates: ['SSN @@', 'my social is @@', 'SSN: @@.', '"ssn":"@@"', '@@'],
  }),
  phone: (dice) => ({
    secret: dice.of([
      `+49 170 ${dice.digits(7)}`,
      `+1 (415) 555-${dice.digits(4)}`,
      `+44 20 7946 ${dice.digits(4)}`,
      `+33 6 12 34 ${dice.digits(2)} ${dice.digits(2)}`,
      `(212) 555-${dice.digits(4)}`,
      `415-555-${dice.digits(4)}`,
      `0170 ${dice.digits(7)}`,
      `0221/4${dice.digits(6)}`,
      `+4930${dice.digits(7)}`,
      `646.555.${dice.digits(4)}`,
    ]),
    templates: ['call @@', 'Tel. @@', 'Tel: @@, abends', 'phone=@@', '"phone":"@@"', 'ring me on @@!'],
  }),
  privateKey: (dice) => {
    const kind = dice.of(['RSA ', 'EC ', 'OPENSSH ', 'ENCRYPTED ', '']);
    const lines = Array.from({ length: 4 }, () => dice.alnum(64));
    const glue = dice.of(['\n', '\\n', '\r\n']);
    const secret = [`-----BEGIN ${kind}PRIVATE KEY-----`, ...lines, `-----END ${kind}PRIVATE KEY-----`].join(glue);
    return { secret, templates: ['@@', 'key: @@ done', '{"privateKey":"@@"}', 'KEY="@@"'] };
  },
  connection: (dice) => ({
    secret: `${dice.of(['app', 'admin', 'root', ''])}:${dice.alnum(8)}${dice.of(['', '!', '#', '%40'])}`,
    templates: [
      'postgres://@@@db.example.com:5432/app',
      'redis://@@@10.0.0.1:6379/0',
      'DATABASE_URL=mysql://@@@localhost/shop',
      'mongodb+srv://@@@cluster0.example.net/?w=1',
      'https://@@@example.com/x.git',
      '"amqp://@@@queue:5672"',
    ],
  }),
  provider: (dice) => ({
    secret: dice.of([
      `sk-${dice.alnum(48)}`,
      `sk-proj-${dice.alnum(40)}`,
      `sk-ant-api03-${dice.alnum(60)}-${dice.alnum(20)}AA`,
      `ghp_${dice.alnum(36)}`,
      `github_pat_${dice.alnum(22)}_${dice.alnum(59)}`,
      `AKIA${dice.text(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`,
      `AIza${dice.alnum(35)}`,
      `xoxb-${dice.digits(12)}-${dice.digits(12)}-${dice.alnum(24)}`,
      `hf_${dice.alnum(34)}`,
      `glpat-${dice.alnum(20)}`,
      `npm_${dice.alnum(36)}`,
      `sk_live_${dice.alnum(24)}`,
      `SG.${dice.alnum(22)}.${dice.alnum(43)}`,
      `ck_${dice.alnum(43)}`,
    ]),
    templates: [
      '@@',
      'use @@ for it',
      'OPENAI_API_KEY=@@',
      '"key":"@@"',
      'export K=@@',
      '`@@`',
      'key: @@.',
      'https://api.example.com/v1?key=@@',
    ],
  }),
};

const HARMLESS: Readonly<Record<string, (dice: Dice) => string>> = {
  uuid: (dice) => `run ${dice.hex(8)}-${dice.hex(4)}-4${dice.hex(3)}-a${dice.hex(3)}-${dice.hex(12)}`,
  numericUuid: (dice) =>
    `id ${dice.digits(8)}-${dice.digits(4)}-4${dice.digits(3)}-9${dice.digits(3)}-${dice.digits(12)}`,
  hash: (dice) => `commit ${dice.hex(40)}, sha256:${createHash('sha256').update(dice.hex(4)).digest('hex')}`,
  version: (dice) =>
    `node@${dice.below(30)}.${dice.below(20)}.${dice.below(9)} and lodash@^4.17.${dice.below(30)}, v1.2.3-rc.${dice.below(9)}`,
  isbn: (dice) =>
    dice.of([
      `ISBN 978-3-16-1484${dice.digits(2)}-0`,
      `ISBN 0-306-406${dice.digits(2)}-2`,
      `ISBN 9783161484${dice.digits(3)}`,
    ]),
  order: (dice) =>
    dice.of([
      `order ORD-${dice.digits(10)}`,
      `invoice 2026-${dice.digits(6)}`,
      `ticket #${dice.digits(7)}`,
      `Bestellung 9${dice.digits(9)}`,
    ]),
  time: (dice) =>
    dice.of([
      `2026-11-${10 + dice.below(18)}T09:30:00.000Z`,
      `on 01.02.2024 at 10:30`,
      `17:04:${10 + dice.below(49)}.123`,
      `1732${dice.digits(9)}`,
    ]),
  address: (dice) => `http://192.168.${dice.below(255)}.${dice.below(255)}:8080/path and fe80::1ff:fe23:4567:890a`,
  url: (dice) =>
    dice.of([
      `https://example.com/a/b?page=${dice.below(99)}&sort=name#top`,
      `see https://example.com:8443/docs/@scope/pkg`,
      `git@github.com:acme/repo${dice.digits(2)}.git`,
      `https://medium.com/@anna/post-${dice.hex(12)}`,
    ]),
  passwordProse: (dice) =>
    dice.of([
      'Your password must be at least 12 characters long.',
      'I forgot my password and the reset mail never came',
      'password is required',
      'The password was changed yesterday.',
      'Passwords are hashed with argon2.',
      'secret santa is on Friday',
      'the token expired',
      'the bearer of this letter',
      'Basic training begins',
      'a key decision: wait',
    ]),
  code: (dice) =>
    dice.of([
      'const password: string = input.password;',
      'if (password === other) return;',
      'function login(email: string, password: string) {}',
      'password = getPassword()',
      'token: process.env.TOKEN,',
      '@Injectable() class A {}',
      'user.password = hashedPassword;',
      'max_tokens=4096',
      'tokens: 12345',
      'secretName: my-secret',
    ]),
  placeholder: (dice) =>
    dice.of([
      'password=<your password>',
      'API_KEY=${API_KEY}',
      'api_key: "{{apiKey}}"',
      'password: ********',
      'token=xxxxxxxx',
      'SECRET=changeme',
      'postgres://user:${PASSWORD}@localhost/db',
      'Authorization: Bearer <token>',
      'password: null',
      'sk-...',
    ]),
  decimal: (dice) => `pi is 3.14159265358979${dice.digits(4)} and e 2.71828182845904${dice.digits(3)}`,
  dimensions: (dice) =>
    `icon@2x.png is ${dice.below(900) + 100} x ${dice.below(900) + 100} px, 1 000 000 rows, ${dice.digits(2)} % of 250 000`,
  cardLike: (dice) => {
    const digits = withCheckDigit(`4${dice.digits(15)}`, 15);
    const wrong = digits.slice(0, -1) + String((Number(digits.at(-1)) + 1 + dice.below(8)) % 10);
    return `reference ${wrong}`;
  },
  ibanLike: (dice) => {
    const right = withCheckDigits('DE', dice.digits(18));
    return `code ${right.slice(0, 3)}${(Number(right[3]) + 1) % 10}${right.slice(4)}`;
  },
  prose: (dice) => `${prose(dice)}; ${prose(dice)}: ${prose(dice)} (${prose(dice)}) - ${prose(dice)}`,
  json: (dice) =>
    JSON.stringify({
      id: dice.hex(24),
      count: dice.below(9_999),
      tokens: { input: 12, output: dice.below(500) },
      key: 'name',
    }),
  base64: (dice) => `data:image/png;base64,iVBORw0KGgo${dice.alnum(60)}`,
};

/** `digits` cut to `length`, with the digit of Luhn behind it. */
function withCheckDigit(digits: string, length: number): string {
  const body = digits.slice(0, length);
  const sum = [...body].toReversed().reduce((total, digit, index) => {
    const weighted = index % 2 === 0 ? Number(digit) * 2 : Number(digit);
    return total + (weighted > 9 ? weighted - 9 : weighted);
  }, 0);
  return `${body}${(10 - (sum % 10)) % 10}`;
}

function withCheckDigits(country: string, account: string): string {
  const number = [...`${account}${country}00`].map((character) => parseInt(character, 36)).join('');
  return `${country}${String(98n - (BigInt(number) % 97n)).padStart(2, '0')}${account}`;
}
