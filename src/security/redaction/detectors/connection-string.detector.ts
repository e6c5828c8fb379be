import type { Detector, Span } from '../detector.js';

const SCHEME_END = '://';
const LONGEST_USER = 128;
const LONGEST = 385;

/** User and password in a URL: of a database, a broker, a proxy, a web server. */
export const connectionStringDetector: Detector = {
  kind: 'connection-string',
  find: (group) => {
    const spans: Span[] = [];
    for (let at = group.indexOf(SCHEME_END); at >= 0; at = group.indexOf(SCHEME_END, at + 1)) {
      const start = at + SCHEME_END.length;
      const end = at > 0 && /[A-Za-z0-9]/.test(group.charAt(at - 1)) ? endOfCredentials(group, start) : undefined;
      if (end !== undefined) spans.push({ start, end });
    }
    return spans;
  },
};

/** Where the last `@` before the next URL, quote or space is, when there is a password before it. */
function endOfCredentials(group: string, start: number): number | undefined {
  const rest = group.slice(start, start + LONGEST);
  const next = rest.search(/[\s"'<>]|:\/\//);
  const url = next < 0 ? rest : rest.slice(0, next);
  const colon = url.search(/[:@/?#]/);
  if (url.charAt(colon) !== ':' || colon > LONGEST_USER) return undefined;
  const at = url.lastIndexOf('@');
  if (at <= colon + 1 || !/^[A-Za-z0-9[{%_]/.test(url.slice(at + 1))) return undefined;
  return isPlaceholder(url.slice(colon + 1, at)) ? undefined : start + at;
}

/** `user:password@` of a manual; and `//host:8080/path@2x`, where nothing between colon and slash is a password. */
const isPlaceholder = (password: string): boolean =>
  /^(?:\d{1,5}\/.*|[*x.]+|\$\{?\w+\}?|\{+\w+\}+|\[redacted(?::[a-z-]+)?\]|<.*)$/i.test(password);
