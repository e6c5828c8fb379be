import type { Detector, Span } from '../detector.js';

const LONGEST_LOCAL = 64;
const LOCAL = /[A-Za-z0-9._%+'-]/;
const DOMAIN = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9])/;
/** `icon@2x.png`, `lodash@latest.tgz`: names of files and versions. */
const FILE = /\.(?:png|jpe?g|gif|svg|webp|css|js|ts|json|tgz|zip|map|md)$/i;

/** E-mail addresses. */
export const emailDetector: Detector = {
  kind: 'email',
  find: (group) => {
    const spans: Span[] = [];
    for (let at = group.indexOf('@'); at >= 0; at = group.indexOf('@', at + 1)) {
      const span = around(group, at);
      if (span) spans.push(span);
    }
    return spans;
  },
};

function around(group: string, at: number): Span | undefined {
  let start = at;
  while (start > 0 && at - start < LONGEST_LOCAL && LOCAL.test(group.charAt(start - 1))) start -= 1;
  while (start < at && /[.'%-]/.test(group.charAt(start))) start += 1;
  const domain = DOMAIN.exec(group.slice(at + 1, at + 256))?.[0];
  if (start === at || domain === undefined || FILE.test(domain)) return undefined;
  const end = at + 1 + domain.length;
  const isRepository = group.slice(start, at) === 'git' && group.charAt(end) === ':';
  return isRepository ? undefined : { start, end };
}
