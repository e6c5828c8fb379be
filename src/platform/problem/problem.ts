/** What a kind of problem is: one page under `/problems/<slug>`, one status, one title. */
export interface ProblemType {
  readonly slug: string;
  readonly status: number;
  readonly title: string;
  /** For the page: when it happens and what to do, in one or two sentences. */
  readonly explanation: string;
}

/** The body of an RFC 9457 answer. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance?: string;
  readonly traceId?: string;
  readonly errors?: readonly FieldFault[];
  readonly [extension: string]: unknown;
}

/** One fault of a body: where (JSON pointer) and what. */
export interface FieldFault {
  readonly pointer: string;
  readonly detail: string;
}

interface ProblemOptions {
  /** Extension members of the body, such as ids. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  /** Extra response headers, such as `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** The one error that may reach a client. Everything else becomes `internal` with a trace id and nothing else. */
export class Problem extends Error {
  readonly extensions: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly type: ProblemType,
    readonly detail: string,
    options: ProblemOptions = {},
  ) {
    super(`${type.title}: ${detail}`, { cause: options.cause });
    this.name = 'Problem';
    this.extensions = options.extensions ?? {};
    this.headers = options.headers ?? {};
  }

  get status(): number {
    return this.type.status;
  }

  /** The same problem with more extension members. */
  with(extensions: Readonly<Record<string, unknown>>): Problem {
    return new Problem(this.type, this.detail, {
      extensions: { ...this.extensions, ...extensions },
      headers: this.headers,
      cause: this.cause,
    });
  }

  body(): ProblemBody {
    const { slug, title, status } = this.type;
    const standard = { type: `/problems/${slug}`, title, status, detail: this.detail };
    return { ...standard, ...this.extensions, ...standard };
  }

  /** The body as data that outlives the answer: a wait it asks for is a member, where there are no headers. */
  record(): ProblemBody {
    const retryAfterSeconds = Number(this.headers['Retry-After']);
    return { ...this.body(), ...(Number.isFinite(retryAfterSeconds) && { retryAfterSeconds }) };
  }

  /** Whether `error` is a problem of this type. */
  static is(error: unknown, maker: ProblemMaker): error is Problem {
    return error instanceof Problem && error.type.slug === maker.type.slug;
  }
}

export interface ProblemMaker {
  (detail: string, options?: ProblemOptions): Problem;
  readonly type: ProblemType;
}

const catalogue = new Map<string, ProblemType>();

/** Declares a kind of problem; the result makes instances: `throw notFound('No run 42 here.')`. */
export function problemType(type: ProblemType): ProblemMaker {
  if (catalogue.has(type.slug)) throw new Error(`Two problem types are named ${type.slug}.`);
  catalogue.set(type.slug, type);
  return Object.assign((detail: string, options?: ProblemOptions) => new Problem(type, detail, options), { type });
}

/** Every declared kind, by slug. */
export const problemTypes = (): readonly ProblemType[] =>
  [...catalogue.values()].sort((a, b) => a.slug.localeCompare(b.slug));

export const problemTypeOf = (slug: string): ProblemType | undefined => catalogue.get(slug);

/** The kind of problem that a stored body is of. */
export const problemSlug = ({ type }: Pick<ProblemBody, 'type'>): string => type.replace('/problems/', '');

/** The problem a stored body describes, for answering it again; `retryAfterSeconds` becomes its header. */
export function problemFromBody(body: ProblemBody): Problem {
  const { type, title, status, detail, ...extensions } = body;
  const slug = problemSlug({ type });
  const { retryAfterSeconds } = extensions;
  const headers = typeof retryAfterSeconds === 'number' ? { 'Retry-After': String(retryAfterSeconds) } : undefined;
  return new Problem(catalogue.get(slug) ?? { slug, title, status, explanation: '' }, detail, { extensions, headers });
}
