import { problemType } from '../../../platform/problem/problem.js';

export const jsonQueryInvalid = problemType({
  slug: 'json-query-invalid',
  status: 422,
  title: 'Query cannot be answered',
  explanation:
    'A query over JSON data has a path that cannot be read, asks for figures of what are no numbers, or goes over more than it may. The detail says which part.',
});
