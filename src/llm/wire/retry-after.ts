type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The wait a provider asks for, in whole seconds: `retry-after-ms`, or `retry-after` as seconds or as a date. */
export function retryAfterSeconds(headers: Headers, now: number): number | undefined {
  const millis = Number(single(headers['retry-after-ms']) ?? Number.NaN);
  if (millis >= 0) return Math.ceil(millis / 1000);
  const text = single(headers['retry-after']);
  if (text === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : (dateMillis(text) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return (typeof value === 'string' ? value : value?.[0])?.trim();
}

/** Dates only as HTTP writes them: Date.parse takes far too much for one. */
const dateMillis = (text: string): number => (/^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN);
