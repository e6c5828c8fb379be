import { problemType } from '../../platform/problem/problem.js';

export const definitionInvalid = problemType({
  slug: 'definition-invalid',
  status: 422,
  title: 'Invalid definition',
  explanation:
    'The definition of the workflow has errors. "violations" lists each with its JSON pointer and a hint; POST /api/v1/workflows/validate answers the same for a draft.',
});
