import { problemType, type Problem } from '../../platform/problem/problem.js';

const blocked = problemType({
  slug: 'content-blocked',
  status: 422,
  title: 'Content blocked',
  explanation:
    'The workspace refuses content with personal data or secrets (its setting "redaction" is "block"). "kinds" names what was found; take it out, or ask an admin for the mode "mask".',
});

/** Names the kinds that were found, never the text. */
export const contentBlocked = Object.assign(
  (kinds: Iterable<string>, where: string): Problem => {
    const found = [...new Set(kinds)].toSorted();
    return blocked(`${where} holds ${found.join(', ')}, which this workspace does not let through. Take it out.`, {
      extensions: { kinds: found },
    });
  },
  { type: blocked.type },
);
