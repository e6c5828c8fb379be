import { problemType } from '../../platform/problem/problem.js';

export const memoryFull = problemType({
  slug: 'memory-full',
  status: 409,
  title: 'Memory full',
  explanation:
    'As many facts are remembered of the user as may be. Delete some: GET /api/v1/memories lists them, DELETE /api/v1/memories/:id forgets one.',
});
