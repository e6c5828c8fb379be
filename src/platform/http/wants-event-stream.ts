import type { Request } from 'express';

/** Whether the client prefers an event stream to JSON. */
export const wantsEventStream = (request: Request): boolean =>
  request.accepts(['application/json', 'text/event-stream']) === 'text/event-stream';
