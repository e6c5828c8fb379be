/**
 * Directives make the scripted model misbehave on purpose, so that everything above it can be tried without a provider.
 * They are read from the last user message and removed from it:
 *
 * | directive | effect |
 * |---|---|
 * | `[[fail]]`, `[[fail:after=5]]` | the provider fails (`model-unavailable`), at once or after 5 tokens |
 * | `[[fail=timeout]]`, `[[fail=authentication]]`, `[[fail=rejected]]` | the same with another problem |
 * | `[[rate-limit]]`, `[[rate-limit=30]]` | `model-rate-limited` with Retry-After 1, or 30 |
 * | `[[stall]]`, `[[stall:after=5]]` | falls silent until the call is aborted |
 * | `[[cut]]`, `[[cut:after=5]]` | the stream breaks (`model-stream-broken`) |
 * | `[[tokens=200]]` | an answer of exactly 200 tokens |
 * | `[[slow=50]]` | 50 ms a token; 0 is at once |
 * | `[[think]]` | thinks aloud before it answers |
 * | `[[loop]]`, `[[loop=vary]]` | calls the same tool again and again, with the same or with other arguments each time |
 */
export interface Directives {
  readonly fault?: Fault;
  /** Exact length of the answer in tokens. */
  readonly tokens?: number;
  /** Milliseconds a token. */
  readonly paceMs?: number;
  readonly think?: boolean;
  readonly loop?: 'same' | 'vary';
}

export interface Fault {
  readonly kind: 'fail' | 'timeout' | 'authentication' | 'rejected' | 'rate-limit' | 'stall' | 'cut';
  /** Tokens that are delivered before it happens. */
  readonly after: number;
  readonly retryAfterSeconds?: number;
}

/** Most tokens a directive may ask for. */
const MAX_TOKENS = 100_000;

const DIRECTIVE =
  /\[\[(fail|rate-limit|stall|cut|tokens|slow|think|loop)(?:=([a-z0-9]{1,16}))?(?::after=(\d{1,6}))?\]\]/g;

/** Splits a message into its directives and the rest. */
export function parseDirectives(message: string): { readonly directives: Directives; readonly text: string } {
  const found = Array.from(message.matchAll(DIRECTIVE), ([, name, value, after]) =>
    directive(name ?? '', value, Number(after ?? 0)),
  );
  const directives: Directives = Object.assign({}, ...found);
  const text = message.replace(DIRECTIVE, ' ').trim();
  return { directives, text };
}

function directive(name: string, value: string | undefined, after: number): Directives {
  switch (name) {
    case 'tokens':
      return { tokens: Math.min(count(value, 1), MAX_TOKENS) };
    case 'slow':
      return { paceMs: Math.min(count(value, 50), 60_000) };
    case 'think':
      return { think: true };
    case 'loop':
      return { loop: value === 'vary' ? 'vary' : 'same' };
    case 'rate-limit':
      return { fault: { kind: 'rate-limit', after, retryAfterSeconds: count(value, 1) } };
    case 'fail':
      return { fault: { kind: failure(value), after } };
    default:
      return { fault: { kind: name === 'stall' ? 'stall' : 'cut', after } };
  }
}

function failure(value: string | undefined): Fault['kind'] {
  return value === 'timeout' || value === 'authentication' || value === 'rejected' ? value : 'fail';
}

function count(value: string | undefined, otherwise: number): number {
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : otherwise;
}
