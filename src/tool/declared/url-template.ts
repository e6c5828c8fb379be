/** What a template stands on: a fixed origin, then references in path and query. */
export interface UrlTemplate {
  readonly origin: string;
  /** Segments of the path, and pairs of the query, as the template writes them. */
  readonly segments: readonly string[];
  readonly pairs: readonly string[];
  /** Arguments that the URL names, and those of them that stand in the path. */
  readonly references: ReadonlySet<string>;
  readonly required: ReadonlySet<string>;
}

/** A template or its arguments make no URL; the message is the end of a sentence about the URL. */
export class UrlFault extends Error {}

const REFERENCE = /\{\{([A-Za-z_][\w-]{0,63})\}\}/g;
const ORIGIN = /^https?:\/\/[^/?#{}\\\s@]+(?=[/?#]|$)/i;

/** @throws UrlFault: the host is the operator's and never an argument */
export function urlTemplate(text: string): UrlTemplate {
  const origin = ORIGIN.exec(text)?.[0];
  if (origin === undefined) throw new UrlFault('must begin with http:// or https:// and a host without references');
  if (text.includes('#')) throw new UrlFault('must not have a fragment');
  const [path = '', ...query] = text.slice(origin.length).split('?');
  const segments = path.split('/');
  if (segments.some(isDots)) throw new UrlFault('must not have the segments "." and ".."');
  if (/[{}]/.test(text.replace(REFERENCE, ''))) throw new UrlFault('has braces that are no reference such as {{id}}');
  const pairs = query.length === 0 ? [] : query.join('?').split('&');
  return { origin, segments, pairs, references: namesIn(text), required: namesIn(path) };
}

/**
 * The URL for these arguments, each encoded where it stands: none reaches beyond its segment or its pair of the query.
 * A pair whose argument is missing is left out. @throws UrlFault
 */
export function urlOf({ origin, segments, pairs }: UrlTemplate, args: ReadonlyMap<string, unknown>): string {
  const path = segments.map((segment) => segmentOf(segment, args)).join('/');
  const query = pairs.filter((pair) => [...namesIn(pair)].every((name) => isGiven(args.get(name))));
  const search = query.map((pair) => pair.replace(REFERENCE, (_, name: string) => encoded(args.get(name)))).join('&');
  return `${origin}${path}${search === '' ? '' : `?${search}`}`;
}

function segmentOf(segment: string, args: ReadonlyMap<string, unknown>): string {
  const names = [...namesIn(segment)];
  if (names.length === 0) return segment;
  const faulty = names.find((name) => !fitsInPath(args.get(name)));
  if (faulty !== undefined)
    throw new UrlFault(`cannot have ${JSON.stringify(faulty)} so: it is empty, or climbs in the path`);
  const made = segment.replace(REFERENCE, (_, name: string) => encoded(args.get(name)));
  if (isDots(made)) throw new UrlFault('cannot have arguments that climb in the path');
  return made;
}

/** Other servers may take an encoded slash for a plain one. */
const fitsInPath = (value: unknown): boolean =>
  isGiven(value) && textOf(value) !== '' && !textOf(value).split(/[/\\]/).some(isDots);

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;
const isDots = (segment: string): boolean => /^(?:\.|%2e){1,2}$/i.test(segment);

const encoded = (value: unknown): string => encodeURIComponent(textOf(value).toWellFormed());

export const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** The arguments that a text refers to. */
export const namesIn = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(REFERENCE)].map(([, name = '']) => name));

/** A value in which references are replaced: alone in a text by the argument itself, beside others by its text. */
export function filled(template: unknown, args: ReadonlyMap<string, unknown>): unknown {
  if (Array.isArray(template)) return template.map((one) => filled(one, args) ?? null);
  if (typeof template === 'object' && template !== null)
    return Object.fromEntries(Object.entries(template).map(([name, one]) => [name, filled(one, args)]));
  if (typeof template !== 'string') return template;
  const [, whole] = /^\{\{([A-Za-z_][\w-]{0,63})\}\}$/.exec(template) ?? [];
  if (whole !== undefined) return args.get(whole);
  return template.replace(REFERENCE, (_, name: string) => (isGiven(args.get(name)) ? textOf(args.get(name)) : ''));
}
