import { z } from 'zod';
import { configuration, setting } from '../config/configuration.js';
import { httpUrl, integer } from '../config/values.js';

export class TelemetryConfig extends configuration('Telemetry', {
  metricsToken: setting(
    'METRICS_TOKEN',
    z.string().min(16, 'must have at least 16 characters').optional(),
    'What GET /metrics asks for as bearer token. Unset: it is open, and in production it is not there.',
    { secret: true },
  ),
  endpoint: setting(
    'OTEL_EXPORTER_OTLP_ENDPOINT',
    httpUrl().optional(),
    'OpenTelemetry collector (OTLP over HTTP) that traces are sent to; /v1/traces is added. Unset: no traces.',
  ),
  headers: setting(
    'OTEL_EXPORTER_OTLP_HEADERS',
    z
      .string()
      .regex(/^\s*[\w-]+\s*=[^,]*(?:,\s*[\w-]+\s*=[^,]*)*$/, 'must be a list such as name=value,other=value')
      .transform(headersOf)
      .optional(),
    'Headers of what is sent there, as name=value, comma-separated.',
    { secret: true },
  ),
  timeoutMs: setting(
    'OTEL_EXPORTER_OTLP_TIMEOUT',
    integer(100, 60_000).default(10_000),
    'Longest that sending spans may take, attempts included, milliseconds.',
  ),
  serviceName: setting(
    'OTEL_SERVICE_NAME',
    z.string().min(1).max(100).default('chatter'),
    'What traces call this service.',
  ),
}) {}

/** Values are URL-encoded, as OpenTelemetry has it. */
function headersOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return [name.trim(), decoded(value.join('=').trim())];
    }),
  );
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
