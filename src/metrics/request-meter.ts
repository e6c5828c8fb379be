import { Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { routeOf } from '../platform/http/route.js';
import { Meters } from '../platform/telemetry/meters.js';

const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);
const SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Measures every request that is answered, also those that no handler sees: how long, by route and class of status. */
@Injectable()
export class RequestMeter {
  private readonly durations;

  constructor(meters: Meters) {
    this.durations = meters.duration(
      'http_server_request_duration_seconds',
      'Duration of HTTP requests; of an event stream, until it ended.',
      ['http_request_method', 'http_route', 'http_response_status_class', 'stream'],
      SECONDS,
    );
  }

  readonly measure = (request: Request, response: Response, next: NextFunction): void => {
    const startedAt = performance.now();
    response.once('close', () => {
      const labels = {
        http_request_method: METHODS.has(request.method) ? request.method : '_OTHER',
        http_route: routeOf(request) ?? '',
        http_response_status_class: `${Math.floor(response.statusCode / 100)}xx`,
        stream: String(isEventStream(response)),
      };
      this.durations.observe(labels, (performance.now() - startedAt) / 1_000);
    });
    next();
  };
}

const isEventStream = (response: Response): boolean =>
  String(response.getHeader('Content-Type') ?? '').startsWith('text/event-stream');
