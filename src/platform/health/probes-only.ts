import type { NextFunction, Request, Response } from 'express';
import { notFound } from '../problem/http.errors.js';
import { sendProblem } from '../problem/problem.filter.js';

const PROBES: ReadonlySet<string> = new Set(['/livez', '/readyz', '/healthz', '/metrics']);

/** Middleware of a worker: nothing but what operations ask is answered. */
export function probesOnly(request: Request, response: Response, next: NextFunction): void {
  if (PROBES.has(request.path)) next();
  else
    sendProblem(
      notFound('This process is a worker (ROLE=worker), which answers its probes and /metrics only.'),
      request,
      response,
    );
}
