import { problemType } from '../../platform/problem/problem.js';

export const secretNotFound = problemType({
  slug: 'secret-not-found',
  status: 404,
  title: 'Secret not found',
  explanation:
    'What is to be done needs a secret that the workspace does not have, or has no longer. Secrets of other workspaces answer the same.',
});

export const secretHostNotAllowed = problemType({
  slug: 'secret-host-not-allowed',
  status: 422,
  title: 'Secret not meant for this host',
  explanation:
    'A secret is sent only to the hosts it was made for. Make another secret whose hosts include the one that the detail names.',
});
