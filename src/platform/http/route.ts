import type { Request } from 'express';

/** The template of the route that answers a request, such as `/api/v1/runs/:id`; undefined before or without one. */
export function routeOf(request: Request): string | undefined {
  const route = request.route as { readonly path?: unknown } | undefined;
  return typeof route?.path === 'string' ? route.path : undefined;
}
