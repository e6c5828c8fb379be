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
import { newId } from '../clock/id.js';
import { Database } from '../database/database.js';
import type { AuthenticatedRequest } from '../http/principal.js';
import { plainDataFaults } from '../http/plain-data.js';
import { currentRequest } from '../http/request-context.js';
import { validationFailed } from '../problem/http.errors.js';
import type { Problem } from '../problem/problem.js';
import { idempotencyKeyInvalid, idempotencyKeyReused, requestInFlight } from './idempotency.errors.js';
import {
  IdempotencyRepository,
  type RequestKey,
  type Reservation,
  type StoredAnswer,
} from './idempotency.repository.js';

const COMMITS_ITSELF = 'idempotency:commits-itself';

/**
 * The route starts a run, or may: a repeated request is answered from that run, whichever rendering it asks for, and with
 * the stored answer where there was none.
 */
export const CausesRun = () => SetMetadata(COMMITS_ITSELF, true);

/**
 * The route answers what comes of its effect once that is committed. The answer is stored afterwards: when the process
 * dies in between, a repeated request is done anew, and the act must bear that.
 */
export const AnswersAfterCommit = () => SetMetadata(COMMITS_ITSELF, true);

const REPEATABLE = 'idempotency:repeatable';

/** The act may be repeated without harm by its nature: a key is not needed and not kept. */
export const Repeatable = () => SetMetadata(REPEATABLE, true);

const KEY = /^[\x21-\x7e]{1,255}$/;
const RETRY_AFTER = { 'Retry-After': '1' };
const RELEASE_TRIES = 20;
/** The longest; the first are shorter. */
const RELEASE_PAUSE_MS = 500;
/** Headers that belong to what was made, and are answered again. */
const KEPT_HEADERS = ['Location', 'ETag'];

/**
 * Honours `Idempotency-Key` on POST. A request that fails caused nothing, and leaves its key free. Answers of ordinary
 * routes are stored in the transaction of their effect; a route that causes a run ties the run to the key and answers from
 * it; the answer of one that commits first is stored thereafter.
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
    const reserved = { workspaceId, userId, route: request.path, key, holder: newId() };
    const bodyHash = this.repository.hashOf(JSON.stringify([request.body, request.query]));
    const commitsItself = this.reflector.get<boolean | undefined>(COMMITS_ITSELF, context.getHandler()) ?? false;
    return defer(() => from(this.answer(reserved, bodyHash, commitsItself, http.getResponse<Response>(), next)));
  }

  private async answer(
    request: RequestKey,
    bodyHash: Buffer,
    commitsItself: boolean,
    response: Response,
    next: CallHandler,
  ): Promise<unknown> {
    const reservation = await this.reserve(request, bodyHash);
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
        return commitsItself ? this.committing(request, response, next) : this.causing(request, response, next);
    }
  }

  /** A reservation may be stored though its answer is lost: nobody else could free it. */
  private async reserve(request: RequestKey, bodyHash: Buffer): Promise<Reservation> {
    try {
      return await this.repository.reserve(request, bodyHash);
    } catch (error) {
      await this.free(request);
      throw error;
    }
  }

  private fromRun(runId: string, next: CallHandler): Promise<unknown> {
    const context = currentRequest();
    if (context) context.attachedRunId = runId;
    return lastValueFrom(next.handle());
  }

  private async committing(request: RequestKey, response: Response, next: CallHandler): Promise<unknown> {
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
      const result: unknown = await lastValueFrom(next.handle());
      // What is done is answered, also when the key has passed to a later request meanwhile.
      if (!attached) await this.keepAnswer(request, response, result);
      return result;
    } catch (error) {
      if (!attached) await this.free(request);
      throw error;
    } finally {
      if (attached) await this.markAnswered(request, response.statusCode);
    }
  }

  /** False when another request has the key by now. */
  private keepAnswer(request: RequestKey, response: Response, result: unknown): Promise<boolean> {
    const headers = Object.fromEntries(KEPT_HEADERS.flatMap((name) => kept(name, response.getHeader(name))));
    const body = result === undefined ? '' : JSON.stringify(result);
    return this.repository.answer(request, { status: response.statusCode, headers, body });
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
        if (!(await this.keepAnswer(request, response, result))) throw inFlight(request);
        return result;
      });
    } catch (error) {
      await this.free(request);
      throw error;
    }
  }

  /** Frees the key before the failure is answered; when the database is away, later. */
  private async free(request: RequestKey): Promise<void> {
    await this.database
      .detached(() => this.repository.release(request))
      .catch(() => {
        void this.release(request);
      });
  }

  /** Tries for a while when the database is away: the key of a request that caused nothing would stay taken for a minute. */
  private async release(request: RequestKey): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.database.detached(() => this.repository.release(request));
      } catch (error) {
        if (tries === RELEASE_TRIES) return this.logger.warn(`An Idempotency-Key stays taken: ${String(error)}`);
        await sleep(Math.min(RELEASE_PAUSE_MS, 25 * 2 ** tries));
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
