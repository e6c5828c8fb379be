import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  SetMetadata,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Response } from 'express';
import { defer, from, lastValueFrom, type Observable } from 'rxjs';
import { Database } from '../database/database.js';
import type { AuthenticatedRequest } from '../http/principal.js';
import { plainDataFaults } from '../http/plain-data.js';
import { currentRequest } from '../http/request-context.js';
import { validationFailed } from '../problem/http.errors.js';
import { Problem, problemFromBody, type ProblemBody } from '../problem/problem.js';
import { idempotencyKeyInvalid, idempotencyKeyReused, requestInFlight } from './idempotency.errors.js';
import { IdempotencyRepository, type RequestKey, type StoredAnswer } from './idempotency.repository.js';

const CAUSES_RUN = 'idempotency:causes-run';

/** The route starts a run: a repeated request is answered from that run, whichever rendering it asks for. */
export const CausesRun = () => SetMetadata(CAUSES_RUN, true);

const KEY = /^[\x21-\x7e]{1,255}$/;
const RETRY_AFTER = { 'Retry-After': '1' };
const RELEASE_TRIES = 20;
const RELEASE_PAUSE_MS = 500;
/** Headers that belong to what was made, and are answered again. */
const KEPT_HEADERS = ['Location', 'ETag'];
/** Refusals that the same request would meet again; every other failure frees the key. */
const LASTING = new Set([400, 403, 404, 410, 422]);

/**
 * Honours `Idempotency-Key` on POST. Answers of ordinary routes are stored in the transaction of their effect; a route
 * that causes a run ties the run to the key and answers from it.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  private readonly logger = new Logger('Idempotency');

  constructor(
    private readonly repository: IdempotencyRepository,
    private readonly database: Database,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<AuthenticatedRequest>();
    const key = request.headers['idempotency-key'];
    if (request.method !== 'POST' || key === undefined || !request.principal) return next.handle();
    if (typeof key !== 'string' || !KEY.test(key))
      throw idempotencyKeyInvalid('Idempotency-Key is not 1 to 255 printable ASCII characters.');

    const faults = plainDataFaults(request.body);
    if (faults.length > 0) throw validationFailed(faults);
    const { workspaceId, userId } = request.principal;
    const reserved = { workspaceId, userId, route: request.path, key };
    const bodyHash = createHash('sha256')
      .update(JSON.stringify([request.body, request.query]))
      .digest();
    const causesRun = this.reflector.get<boolean | undefined>(CAUSES_RUN, context.getHandler()) ?? false;
    return defer(() => from(this.answer(reserved, bodyHash, causesRun, http.getResponse<Response>(), next)));
  }

  private async answer(
    request: RequestKey,
    bodyHash: Buffer,
    causesRun: boolean,
    response: Response,
    next: CallHandler,
  ): Promise<unknown> {
    const reservation = await this.repository.reserve(request, bodyHash);
    switch (reservation.state) {
      case 'otherBody':
        throw idempotencyKeyReused(`Idempotency-Key ${request.key} was used here with another body.`);
      case 'inFlight':
        throw requestInFlight(`The first request with Idempotency-Key ${request.key} is not answered yet.`, {
          headers: RETRY_AFTER,
        });
      case 'answered':
        return reservation.runId === null
          ? replay(reservation.answer, response)
          : this.fromRun(reservation.runId, next);
      case 'reserved':
        if (reservation.runId !== null) return this.fromRun(reservation.runId, next);
        return causesRun ? this.causingRun(request, response, next) : this.causing(request, response, next);
    }
  }

  private fromRun(runId: string, next: CallHandler): Promise<unknown> {
    const context = currentRequest();
    if (context) context.attachedRunId = runId;
    return lastValueFrom(next.handle());
  }

  private async causingRun(request: RequestKey, response: Response, next: CallHandler): Promise<unknown> {
    const context = currentRequest();
    let attached = false;
    if (context) {
      context.attachRun = async (runId) => {
        await this.repository.attachRun(request, runId);
        this.database.afterCommit(() => {
          attached = true;
        });
      };
    }
    try {
      return await lastValueFrom(next.handle());
    } catch (error) {
      if (!attached) await this.afterFailure(request, error);
      throw error;
    } finally {
      if (attached) await this.repository.answer(request, { status: response.statusCode, headers: {}, body: '' });
    }
  }

  private async causing(request: RequestKey, response: Response, next: CallHandler): Promise<unknown> {
    try {
      return await this.database.transaction(async () => {
        const result: unknown = await lastValueFrom(next.handle(), { defaultValue: undefined });
        const headers = Object.fromEntries(KEPT_HEADERS.flatMap((name) => kept(name, response.getHeader(name))));
        const body = result === undefined ? '' : JSON.stringify(result);
        await this.repository.answer(request, { status: response.statusCode, headers, body });
        return result;
      });
    } catch (error) {
      await this.afterFailure(request, error);
      throw error;
    }
  }

  private async afterFailure(request: RequestKey, error: unknown): Promise<void> {
    if (error instanceof Problem && LASTING.has(error.status)) {
      await this.repository.answer(request, { status: error.status, headers: {}, body: JSON.stringify(error.body()) });
    } else {
      void this.release(request);
    }
  }

  /** Tries for a while when the database is away: the key of a request that caused nothing would stay taken for a minute. */
  private async release(request: RequestKey): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.database.detached(() => this.repository.release(request));
      } catch (error) {
        if (tries === RELEASE_TRIES) return this.logger.warn(`An Idempotency-Key stays taken: ${String(error)}`);
        await sleep(RELEASE_PAUSE_MS);
      }
    }
  }
}

const kept = (name: string, value: unknown): [string, string][] => (typeof value === 'string' ? [[name, value]] : []);

/** @throws Problem the stored one, when the first answer was a refusal */
function replay({ status, headers, body }: StoredAnswer, response: Response): unknown {
  response.setHeader('Idempotent-Replay', 'true');
  if (status >= 400) throw problemFromBody(JSON.parse(body) as ProblemBody);
  response.status(status).set(headers);
  return body === '' ? undefined : JSON.parse(body);
}
