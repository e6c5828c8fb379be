import { PriceBook, parsePrices, type PriceCatalogue } from './price-book.js';
import { ListedPrices } from './price-catalogue.js';

const MILLION = { inputTokens: 1_000_000, outputTokens: 1_000_000, totalTokens: 2_000_000 };
const NOTHING: PriceCatalogue = { priceOf: () => null, cost: () => null };

describe('PriceBook', () => {
  it("takes the operator's price before the catalogue's", () => {
    const book = new PriceBook(
      overrides('{"openai:gpt-4o-mini": {"inputPerMillion": 1, "outputPerMillion": 2}}'),
      new ListedPrices(),
    );
    expect(book.priceOf('openai', 'gpt-4o-mini')).toEqual({ inputPerMillion: 1, outputPerMillion: 2, currency: 'USD' });
    expect(book.cost('openai', 'gpt-4o-mini', MILLION)).toBe(3);
  });

  it('does not know what nobody has listed', () => {
    const book = new PriceBook(new Map(), NOTHING);
    expect([book.priceOf('ollama', 'x'), book.cost('ollama', 'x', MILLION)]).toEqual([null, null]);
  });

  it('gives costs without the noise of floating point', () => {
    const book = new PriceBook(overrides('{"a:b": {"inputPerMillion": 0.1, "outputPerMillion": 0.2}}'), NOTHING);
    expect(book.cost('a', 'b', { inputTokens: 3, outputTokens: 3, totalTokens: 6 })).toBe(0.0000009);
  });
});

describe('ListedPrices', () => {
  const listed = new ListedPrices();

  it('knows the public prices', () => {
    expect(listed.priceOf('openai', 'gpt-4o-mini')).toEqual({
      inputPerMillion: 0.15,
      outputPerMillion: 0.6,
      currency: 'USD',
    });
    expect(listed.cost('openai', 'gpt-4o-mini', MILLION)).toBeCloseTo(0.75, 9);
  });

  it('bills cached input at its own price', () => {
    expect(listed.cost('openai', 'gpt-4o-mini', { ...MILLION, cachedInputTokens: 1_000_000 })).toBeCloseTo(0.675, 9);
  });

  it('bills long prompts by their tier and shows the price of the first', () => {
    expect(listed.priceOf('anthropic', 'claude-sonnet-4-5')).toMatchObject({
      inputPerMillion: 3,
      outputPerMillion: 15,
    });
    expect(listed.cost('anthropic', 'claude-sonnet-4-5', MILLION)).toBeCloseTo(28.5, 9);
  });

  it('makes the scripted model free and has no price for what runs elsewhere', () => {
    expect([
      listed.cost('scripted', 'default', MILLION),
      listed.priceOf('scripted', 'default')?.inputPerMillion,
    ]).toEqual([0, 0]);
    for (const provider of ['ollama', 'openai-compatible', 'constructor']) {
      expect([listed.cost(provider, 'gpt-4o-mini', MILLION), listed.priceOf(provider, 'gpt-4o-mini')]).toEqual([
        null,
        null,
      ]);
    }
    expect(listed.cost('openai', 'no-such-model', MILLION)).toBeNull();
  });
});

describe('parsePrices', () => {
  it.each([
    ['no JSON', 'must be a JSON object'],
    ['[]', 'expected record'],
    ['{"gpt": {"inputPerMillion": 1, "outputPerMillion": 1}}', 'provider:model'],
    ['{"a:b": {"inputPerMillion": -1, "outputPerMillion": 1}}', 'a:b.inputPerMillion'],
    ['{"a:b": {"inputPerMillion": 1}}', 'a:b.outputPerMillion'],
    ['{"a:b": {"inputPerMillion": 1, "outputPerMillion": 1, "currency": "EUR"}}', 'currency'],
  ])('says what is wrong with %s', (text, fault) => {
    expect(parsePrices(text).fault).toContain(fault);
  });
});

const overrides = (text: string) => parsePrices(text).prices ?? new Map();
