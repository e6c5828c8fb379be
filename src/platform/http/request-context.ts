import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import { newId } from '../clock/id.js';

/** What every log line and problem of a request carries. */
export interface RequestContext {
  readonly requestId: string;
  /** W3C trace id, 32 hex digits: the caller's when it sent a `traceparent`, else new. */
  readonly traceId: string;
  /** The run that an Idempotency-Key already led to: the request answers with it instead of making another. */
  attachedRunId?: string;
  /** Ties the run to the request's Idempotency-Key, within the ambient transaction. */
  attachRun?: (runId: string) => Promise<void>;
}

const storage = new AsyncLocalStorage<RequestContext>();

export const currentRequest = (): RequestContext | undefined => storage.getStore();

/** Runs `work` outside of any request: what it starts outlives the request that happened to cause it. */
export const withoutRequest = <Result>(work: () => Result): Result => storage.exit(work);

const TRACEPARENT = /^[\da-f]{2}-(?!0{32})([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/;
const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** Opens the context of a request and answers `X-Request-Id`. */
export function requestContext(request: Request, response: Response, next: NextFunction): void {
  const given = request.headers['x-request-id'];
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : newId();
  const traceId =
    TRACEPARENT.exec(request.headers.traceparent?.toString() ?? '')?.[1] ?? randomBytes(16).toString('hex');
  response.setHeader('X-Request-Id', requestId);
  storage.run({ requestId, traceId }, next);
}
