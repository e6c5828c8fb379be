/** A bucket of `burst` tokens that refills with `perMinute` tokens a minute. */
export interface BucketRate {
  readonly perMinute: number;
  readonly burst: number;
}

export interface Bucket {
  readonly tokens: number;
  /** Milliseconds, when `tokens` was true. */
  readonly at: number;
}

export interface Taken {
  readonly bucket: Bucket;
  readonly allowed: boolean;
  /** Whole tokens left. */
  readonly remaining: number;
  /** Whole seconds until the bucket is full. */
  readonly resetSeconds: number;
  /** Whole seconds until the next token; 0 when there is one. */
  readonly retryAfterSeconds: number;
}

/** Takes one token out of a bucket, full when there is none yet. A refusal takes nothing. */
export function take(bucket: Bucket | undefined, now: number, { perMinute, burst }: BucketRate): Taken {
  const perMs = perMinute / 60_000;
  const elapsed = bucket ? Math.max(0, now - bucket.at) : 0;
  const available = bucket ? Math.min(burst, bucket.tokens + elapsed * perMs) : burst;
  const allowed = available >= 1;
  const tokens = allowed ? available - 1 : available;
  const secondsUntil = (wanted: number) => Math.max(0, Math.ceil((wanted - tokens) / perMs / 1_000));
  return {
    bucket: { tokens, at: now },
    allowed,
    remaining: Math.floor(tokens),
    resetSeconds: secondsUntil(burst),
    retryAfterSeconds: secondsUntil(1),
  };
}

/** Buckets by key, in the memory of this process; beyond `capacity` the longest unused is forgotten, as if full. */
export class TokenBuckets {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly rate: BucketRate,
    private readonly capacity: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  take(key: string): Taken {
    const taken = this.peek(key);
    this.buckets.delete(key);
    this.buckets.set(key, taken.bucket);
    if (this.buckets.size > this.capacity) this.forgetOldest();
    return taken;
  }

  /** What {@link take} would answer now. */
  peek(key: string): Taken {
    return take(this.buckets.get(key), this.now(), this.rate);
  }

  private forgetOldest(): void {
    const [oldest] = this.buckets.keys();
    if (oldest !== undefined) this.buckets.delete(oldest);
  }
}
