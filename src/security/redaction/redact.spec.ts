import fc from 'fast-check';
import { labelledTexts, type LabelledText } from '../../../test/support/labelled-texts.js';
import { redact } from './redact.js';
import { RedactionStream } from './redaction-stream.js';

const LABELLED = labelledTexts(2_000, 20_261_127);

describe('2,000 labelled texts', () => {
  const told = { secrets: 0, found: 0, findings: 0, right: 0 };
  const missed: string[] = [];
  const false_: string[] = [];

  const count = ({ text, secrets, about }: LabelledText): void => {
    const { findings } = redact(text);
    const places = secrets.map((secret) => ({
      start: text.indexOf(secret),
      end: text.indexOf(secret) + secret.length,
    }));
    const masked = redact(text).text;
    told.secrets += secrets.length;
    for (const secret of secrets) {
      if (masked.includes(secret) || remains(masked, secret)) missed.push(`${about}: ${text} -> ${masked}`);
      else told.found += 1;
    }
    told.findings += findings.length;
    for (const { start, end, kind } of findings) {
      if (places.some((place) => start < place.end && place.start < end)) told.right += 1;
      else false_.push(`${about} as ${kind}: ${text}`);
    }
  };

  /** Whether a piece of eight characters of the secret is left. */
  const remains = (masked: string, secret: string): boolean =>
    Array.from({ length: Math.max(0, secret.length - 7) }, (_, at) => secret.slice(at, at + 8)).some((piece) =>
      masked.includes(piece),
    );

  it('are redacted with a recall of at least 0.98 and a precision of at least 0.95', () => {
    LABELLED.forEach(count);
    const [recall, precision] = [told.found / told.secrets, told.right / told.findings];
    process.stdout.write(
      `redaction: ${LABELLED.length} texts, ${told.secrets} secrets, ${told.findings} findings, recall ${recall.toFixed(4)}, precision ${precision.toFixed(4)}\n`,
    );
    expect(recall).toBeGreaterThanOrEqual(0.98);
    expect(precision).toBeGreaterThanOrEqual(0.95);
  });
});

/** Texts made of what detectors look for, whole and broken. */
const hostile = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...LABELLED.map(({ text }) => text)) },
      fc.constantFrom(
        ' ',
        '\n',
        '  ',
        '    ',
        '"',
        "'",
        ':',
        '=',
        '@',
        ' is ',
        '-',
        '.',
        ',',
        '日本',
        '😀',
        '\ud83d',
        '--',
      ),
      fc.constantFrom(
        'password',
        'Bearer',
        'API',
        'key',
        '-----BEGIN RSA PRIVATE KEY-----',
        '-----END RSA PRIVATE KEY-----',
        '-----END ',
      ),
      fc.constantFrom(
        'DE89',
        '3704',
        '4111',
        '(212)',
        '+49',
        'eyJhbGciOiJIUzI1NiJ9',
        'a'.repeat(3_000),
        'sk-' + 'b'.repeat(5_000),
        'c,'.repeat(2_500),
      ),
      fc.string({ maxLength: 20 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

function streamed(text: string, cuts: readonly number[]): string {
  const stream = new RedactionStream();
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].toSorted((left, right) => left - right);
  let from = 0;
  let shown = '';
  for (const place of [...places, text.length]) {
    shown += stream.push(text.slice(from, place));
    from = place;
  }
  return shown + stream.end();
}

describe('a text that comes in pieces', () => {
  it('is redacted exactly like the whole, wherever it is cut', () => {
    fc.assert(
      fc.property(hostile, fc.array(fc.nat({ max: 40_000 }), { maxLength: 30 }), (text, cuts) => {
        expect(streamed(text, cuts)).toBe(redact(text).text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is redacted exactly like the whole when it comes character by character', () => {
    for (const { text } of LABELLED.slice(0, 400)) {
      const each = Array.from({ length: text.length }, (_, index) => index);
      expect(streamed(text, each)).toBe(redact(text).text);
    }
  });

  it('stays as it is once it is redacted', () => {
    fc.assert(
      fc.property(fc.constantFrom(...LABELLED), ({ text }) => {
        const once = redact(text).text;
        expect(redact(once).text).toBe(once);
      }),
      { numRuns: 2_000 },
    );
  });

  it('flows: of prose nothing but the word that is being written is held back', () => {
    const stream = new RedactionStream();
    const prose = 'The quick brown fox jumps over the lazy dog and goes home. ';
    let shown = '';
    for (const [index, character] of [...prose].entries()) {
      shown += stream.push(character);
      const word = prose.lastIndexOf(' ', index) + 1;
      expect(shown.length).toBeGreaterThanOrEqual(word - 1);
    }
  });

  it('flows in scripts without spaces', () => {
    const stream = new RedactionStream();
    expect(stream.push('今日は天気がいいですね')).toBe('今日は天気がいいですね');
  });

  it('never holds back more than 4,096 characters of a word, nor shows the rest of a long secret', () => {
    const stream = new RedactionStream();
    const secret = `sk-${'Ab3'.repeat(5_000)}`;
    let [given, shown] = [0, ''];
    for (const piece of secret.match(/.{1,100}/g) ?? []) {
      shown += stream.push(piece);
      given += piece.length;
    }
    expect(given).toBeGreaterThan(15_000);
    expect(`${shown}${stream.push(' and so on ')}${stream.end()}`).toBe('[redacted:provider-key] and so on ');
  });

  it('shows nothing of a private key, whose footer may come late or never', () => {
    const key = `-----BEGIN PRIVATE KEY-----\n${`${'MIIabc+/'.repeat(8)}\n`.repeat(100)}-----END PRIVATE KEY-----`;
    expect(redact(`before ${key} after`).text).toBe('before [redacted:private-key] after');
    expect(redact(`before ${key.slice(0, 3_000)}`).text).toBe('before [redacted:private-key]');
  });

  it('tells where in the whole it found what', () => {
    const text = 'Ask anna@example.com or call +49 170 1234567 today';
    expect(redact(text).findings.map(({ kind, start, end }) => [kind, text.slice(start, end)])).toEqual([
      ['email', 'anna@example.com'],
      ['phone', '+49 170 1234567'],
    ]);
  });
});
