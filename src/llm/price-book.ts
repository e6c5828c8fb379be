import { z } from 'zod';
import type { TokenUsage } from './chat-model.js';

/** USD per million tokens. */
export interface ModelPrice {
  readonly inputPerMillion: number;
  readonly outputPerMillion: number;
  readonly currency: 'USD';
}

/** A list of prices from elsewhere; null for what it does not know. */
export interface PriceCatalogue {
  priceOf(provider: string, model: string): ModelPrice | null;
  /** In USD; may know more than two prices, such as tiers and cached input. */
  cost(provider: string, model: string, usage: TokenUsage): number | null;
}

export type PriceOverrides = ReadonlyMap<string, ModelPrice>;

/** What models cost: the operator's prices first, then the catalogue. Null means unknown, 0 means free. */
export class PriceBook {
  constructor(
    private readonly overrides: PriceOverrides,
    private readonly catalogue: PriceCatalogue,
  ) {}

  priceOf(provider: string, model: string): ModelPrice | null {
    return this.overrides.get(`${provider}:${model}`) ?? this.catalogue.priceOf(provider, model);
  }

  /** USD, to a billionth of a dollar. */
  cost(provider: string, model: string, usage: TokenUsage): number | null {
    const own = this.overrides.get(`${provider}:${model}`);
    const cost = own ? costAt(own, usage) : this.catalogue.cost(provider, model, usage);
    return cost === null ? null : Number(cost.toFixed(9));
  }
}

function costAt(price: ModelPrice, { inputTokens, outputTokens }: TokenUsage): number {
  return (inputTokens * price.inputPerMillion + outputTokens * price.outputPerMillion) / 1_000_000;
}

const pricesSchema = z.record(
  z.string().regex(/^[^\s:]+:\S+$/),
  z.strictObject({ inputPerMillion: z.number().nonnegative(), outputPerMillion: z.number().nonnegative() }),
);

/** Reads the JSON text of MODEL_PRICES: the prices, or one sentence with what is wrong. */
export function parsePrices(
  text: string,
):
  | { readonly prices: PriceOverrides; readonly fault?: undefined }
  | { readonly prices?: undefined; readonly fault: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { fault: 'must be a JSON object' };
  }
  const parsed = pricesSchema.safeParse(json);
  if (!parsed.success) return { fault: parsed.error.issues.map(sentence).join('; ') };
  return {
    prices: new Map(Object.entries(parsed.data).map(([model, price]) => [model, { ...price, currency: 'USD' }])),
  };
}

function sentence({ code, path, message }: z.core.$ZodIssue): string {
  return `${path.join('.') || 'value'}: ${code === 'invalid_key' ? 'is not a model as "provider:model"' : message}`;
}
