import { problemType } from '../../platform/problem/problem.js';

export const alreadyMember = problemType({
  slug: 'already-member',
  status: 409,
  title: 'Already a member',
  explanation: 'The user is a member of the workspace. Change the role with PATCH on the member.',
});

export const lastOwner = problemType({
  slug: 'last-owner',
  status: 409,
  title: 'A workspace needs an owner',
  explanation:
    'The last owner of a workspace can neither leave nor take a lesser role, and nobody takes a personal workspace from the person it was made for. Make another member owner first.',
});
