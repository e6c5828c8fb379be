import { problemTypes } from './problem.js';

/** The text of `docs/problems.md`: every kind of problem that an answer may carry. */
export function problemReference(): string {
  const rows = problemTypes().map(
    ({ slug, status, title, explanation }) => `## ${slug}\n\n${title} (status ${status}). ${explanation}\n`,
  );
  return `# Problems\n\nEvery failed request is answered with \`application/problem+json\` (RFC 9457); its \`type\` is \`/problems/<slug>\`.\n\n${rows.join('\n')}`;
}
