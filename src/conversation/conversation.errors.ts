import { notFound } from '../platform/problem/http.errors.js';
import type { Problem } from '../platform/problem/problem.js';

export const noConversation = (id: string): Problem => notFound(`There is no conversation ${id} in this workspace.`);

export const noMessage = (id: string): Problem => notFound(`There is no message ${id} in this conversation.`);
