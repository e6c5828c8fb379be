import { createRequire } from 'node:module';
import type { ModelPrice as ListedPrice } from '@pydantic/genai-prices';
import type { TokenUsage } from './chat-model.js';
import type { ModelPrice, PriceCatalogue } from './price-book.js';

type Library = typeof import('@pydantic/genai-prices');

/** Our providers' names in the list. What runs locally or anywhere has no entry and no price. */
const LISTED_PROVIDERS: ReadonlyMap<string, string> = new Map([
  ['openai', 'openai'],
  ['anthropic', 'anthropic'],
  ['google', 'google'],
]);

/** The scripted model costs nothing. */
const FREE: ReadonlySet<string> = new Set(['scripted']);

const FREE_PRICE: ModelPrice = { inputPerMillion: 0, outputPerMillion: 0, currency: 'USD' };

/**
 * The public price list that comes with `@pydantic/genai-prices`, read offline. It is loaded by the first question (25 ms
 * of CPU, 5 MB), synchronously because costs are computed in the middle of transactions.
 */
export class ListedPrices implements PriceCatalogue {
  private library: Library | undefined;

  priceOf(provider: string, model: string): ModelPrice | null {
    if (FREE.has(provider)) return FREE_PRICE;
    const prices = this.calculation(provider, model, { inputTokens: 0, outputTokens: 0, totalTokens: 0 })?.model_price;
    const inputPerMillion = lowest(prices?.['input_mtok']);
    const outputPerMillion = lowest(prices?.['output_mtok']);
    if (inputPerMillion === undefined || outputPerMillion === undefined) return null;
    return { inputPerMillion, outputPerMillion, currency: 'USD' };
  }

  cost(provider: string, model: string, usage: TokenUsage): number | null {
    if (FREE.has(provider)) return 0;
    return this.calculation(provider, model, usage)?.total_price ?? null;
  }

  private calculation(
    provider: string,
    model: string,
    { inputTokens, outputTokens, cachedInputTokens = 0 }: TokenUsage,
  ) {
    const providerId = LISTED_PROVIDERS.get(provider);
    if (providerId === undefined) return null;
    this.library ??= createRequire(import.meta.url)('@pydantic/genai-prices') as Library;
    const usage = {
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      cache_read_tokens: Math.min(cachedInputTokens, inputTokens),
    };
    return this.library.calcPrice(usage, model, { providerId });
  }
}

/** The price of the first tier, the one that small requests pay. */
function lowest(price: ListedPrice[string]): number | undefined {
  return typeof price === 'object' ? price.base : price;
}
