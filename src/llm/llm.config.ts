import { z } from 'zod';
import { configuration, setting } from '../platform/config/configuration.js';
import { integer } from '../platform/config/values.js';
import { parsePrices } from './price-book.js';

/** What holds for every model, whoever provides it. */
export class LlmConfig extends configuration('Models', {
  defaultModel: setting(
    'DEFAULT_MODEL',
    z
      .string()
      .regex(/^[^\s:]+:\S+$/, 'must be a model as "provider:model"')
      .optional(),
    'Model of requests that name none, as "provider:model".',
    { shownDefault: 'the first model of the first configured provider, else scripted:default' },
  ),
  firstTokenTimeoutMs: setting(
    'MODEL_FIRST_TOKEN_TIMEOUT_MS',
    integer(100, 3_600_000).default(50_000),
    "Longest wait for a model's first token.",
  ),
  idleTimeoutMs: setting(
    'MODEL_IDLE_TIMEOUT_MS',
    integer(100, 3_600_000).default(30_000),
    "Longest silence in the middle of a model's answer.",
  ),
  connectTimeoutMs: setting(
    'MODEL_CONNECT_TIMEOUT_MS',
    integer(100, 600_000).default(10_000),
    'Longest wait for a connection to a provider.',
  ),
  connections: setting(
    'MODEL_CONNECTIONS',
    integer(1, 100_000).default(2_000),
    'Most connections to one provider; further calls wait.',
  ),
  maxRetries: setting(
    'MODEL_MAX_RETRIES',
    integer(0, 10).default(2),
    'How often a call that failed before its first token is repeated (rate limit, failure of the provider, no connection).',
  ),
  maxResponseBytes: setting(
    'MODEL_RESPONSE_LIMIT_BYTES',
    integer(65_536, 1_073_741_824).default(67_108_864),
    'Largest answer of a provider, in bytes on the wire.',
  ),
  prices: setting(
    'MODEL_PRICES',
    z
      .string()
      .default('{}')
      .transform((text, context) => {
        const parsed = parsePrices(text);
        if (parsed.prices) return parsed.prices;
        context.addIssue({ code: 'custom', message: parsed.fault });
        return z.NEVER;
      }),
    'Prices in USD that replace or complete the built-in list: {"provider:model": {"inputPerMillion": 1.5, "outputPerMillion": 6}}.',
    { shownDefault: '{}' },
  ),
}) {}
