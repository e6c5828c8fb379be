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
import type { Problem } from '../problem/problem.js';
import { idempotencyKeyInvalid, idempotencyKeyReused, requestInFlight } from './idempotency.errors.js';
import { IdempotencyRepository, type RequestKey, type StoredAnswer } from './idempotency.repository.js';

const CAUSES_RUN = 'idempotency:causes-run';

/** The route starts a run: a repeated request is answered from that run, whichever rendering it asks for. */
export const CausesRun = () => SetMetadata(CAUSES_RUN, true);

const REPEATABLE = 'idempotency:repeatable';

/** The act may be repeated without harm by its nature: a key is not needed and not kept. */
export const Repeatable = () => SetMetadata(REPEATABLE, true);

const KEY = /^[\x21-\x7e]{1,255}$/;
const RETRY_AFTER = { 'Retry-After': '1' };
const RELEASE_TRIES = 20;
const RELEASE_PAUSE_MS = 500;
/** Headers that belong to what was made, and are answered again. */
const KEPT_HEADERS = ['Location', 'ETag'];

/**
 * Honours `Idempotency-Key` on POST. A request that fails caused nothing, and leaves its key free. Answers of ordinary routes are stored in the transaction of their effect; a route
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
    if (this.reflector.get<boolean | undefined>(REPEATABLE, context.getHandler())) return next.handle();
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
        throw inFlight(request);
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
        if (!(await this.repository.attachRun(request, runId))) throw inFlight(request);
        this.database.afterCommit(() => {
          attached = true;
        });
      };
    }
    try {
      return await lastValueFrom(next.handle());
    } catch (error) {
      if (!attached) void this.release(request);
      throw error;
    } finally {
      if (attached) await this.markAnswered(request, response.statusCode);
    }
  }

  /** Only spares later requests a wait: they find the run by the key whether this is stored or not. */
  private async markAnswered(request: RequestKey, status: number): Promise<void> {
    try {
      await this.repository.answer(request, { status, headers: {}, body: '' });
    } catch (error) {
      this.logger.warn(`An Idempotency-Key could not be marked as answered: ${String(error)}`);
    }
  }

  private async causing(request: RequestKey, response: Response, next: CallHandler): Promise<unknown> {
    try {
      return await this.database.transaction(async () => {
        const result: unknown = await lastValueFrom(next.handle(), { defaultValue: undefined });
        const headers = Object.fromEntries(KEPT_HEADERS.flatMap((name) => kept(name, response.getHeader(name))));
        const body = result === undefined ? '' : JSON.stringify(result);
        const answer = { status: response.statusCode, headers, body };
        if (!(await this.repository.answer(request, answer))) throw inFlight(request);
        return result;
      });
    } catch (error) {
      void this.release(request);
      throw error;
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

const inFlight = ({ key }: RequestKey): Problem =>
  requestInFlight(`Another request with Idempotency-Key ${key} is not answered yet.`, { headers: RETRY_AFTER });

const kept = (name: string, value: unknown): [string, string][] => (typeof value === 'string' ? [[name, value]] : []);

function replay({ status, headers, body }: StoredAnswer, response: Response): unknown {
  response.status(status).set(headers);
  response.setHeader('Idempotent-Replay', 'true');
  return body === '' ? undefined : JSON.parse(body);
}
