import fc from 'fast-check';
import { filled, urlOf, urlTemplate } from './url-template.js';

const url = (template: string, args: Record<string, unknown>): string =>
  urlOf(urlTemplate(template), new Map(Object.entries(args)));

describe('the template of an address', () => {
  it.each([
    ['https://crm.example/customers/{{id}}', { id: 'a b/c?d#e' }, 'https://crm.example/customers/a%20b%2Fc%3Fd%23e'],
    ['https://crm.example?q={{q}}&n={{n}}', { q: 'a&b=c', n: 3 }, 'https://crm.example?q=a%26b%3Dc&n=3'],
    ['https://crm.example/?q={{q}}&n={{n}}', { n: null }, 'https://crm.example/'],
    ['https://crm.example/v1/x-{{id}}.json?deep=true', { id: true }, 'https://crm.example/v1/x-true.json?deep=true'],
    ['http://127.0.0.1:8080/{{a}}/{{b}}', { a: '😀', b: '\ud800' }, 'http://127.0.0.1:8080/%F0%9F%98%80/%EF%BF%BD'],
    ['https://x.example/?f={{f}}', { f: { a: [1] } }, 'https://x.example/?f=%7B%22a%22%3A%5B1%5D%7D'],
    ['https://x.example/{{a}}', { a: '{{b}}', b: 'no' }, 'https://x.example/%7B%7Bb%7D%7D'],
  ])('%s with %j is %s', (template, args, expected) => {
    expect(url(template, args)).toBe(expected);
  });

  it.each([
    'https://{{host}}/x',
    'https://crm.example{{rest}}',
    'https://user@crm.example/',
    'https://crm.example\\@evil.example/',
    'ftp://crm.example/',
    '{{url}}',
    'https://crm.example/#{{a}}',
    'https://crm.example/../{{a}}',
    'https://crm.example/{{a b}}',
    'https://crm.example/{{a}',
  ])('cannot be %s', (template) => {
    expect(() => urlTemplate(template)).toThrow();
  });

  it.each(['', '.', '..', '../admin', 'a/../../admin', '..\\admin', '%2e%2E', undefined, null])(
    'has no place in its path for %j',
    (id) => {
      expect(() => url('https://crm.example/customers/{{id}}/orders', { id })).toThrow(/path/);
    },
  );

  it('keeps origin, segments and pairs, whatever the arguments', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom(
        '//evil.example',
        '@evil.example',
        '?',
        '#',
        '&x=1',
        '/..',
        '..',
        '\\..',
        '%2e%2e',
        ':80',
        '\r\nX: y',
      ),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(value, value, (id, q) => {
        let made: string;
        try {
          made = url('https://crm.example:8443/v1/{{id}}/orders/{{id}}.json?first=1&q={{q}}', { id, q });
        } catch {
          return;
        }
        const parsed = new URL(made);
        expect(parsed.origin).toBe('https://crm.example:8443');
        expect(parsed.pathname.split('/')).toHaveLength(5);
        expect(parsed.pathname).toMatch(/^\/v1\/[^/]+\/orders\/[^/]+\.json$/);
        expect([...parsed.searchParams.keys()].every((key, at) => key === ['first', 'q'][at])).toBe(true);
        expect(parsed.hash + parsed.username).toBe('');
      }),
      { numRuns: 2_000 },
    );
  });

  it('fills bodies with arguments, by text and by value', () => {
    const args = new Map<string, unknown>([
      ['n', 1],
      ['list', [1, '{{n}}']],
      ['text', 'Tea'],
    ]);
    const body = { a: '{{n}}', b: ['{{list}}', 'x {{text}} {{missing}}'], c: '{{missing}}', d: null };
    expect(JSON.parse(JSON.stringify(filled(body, args)))).toEqual({ a: 1, b: [[1, '{{n}}'], 'x Tea '], d: null });
  });
});
