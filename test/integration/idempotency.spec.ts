import { jest } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { Body, Controller, HttpCode, Module, Post, Res, type INestApplication } from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';
import type { NextFunction, Response } from 'express';
import { newId } from '../../src/platform/clock/id.js';
import { Database } from '../../src/platform/database/database.js';
import type { AuthenticatedRequest } from '../../src/platform/http/principal.js';
import { currentRequest, requestContext } from '../../src/platform/http/request-context.js';
import { CausesRun, IdempotencyInterceptor } from '../../src/platform/idempotency/idempotency.interceptor.js';
import { IdempotencyRepository, type RequestKey } from '../../src/platform/idempotency/idempotency.repository.js';
import { conflict, notFound } from '../../src/platform/problem/http.errors.js';
import { ProblemFilter } from '../../src/platform/problem/problem.filter.js';
import { Sealer } from '../../src/platform/sealing/sealer.js';
import { migratedDatabase, type MigratedDatabase } from '../support/migrated-database.js';

const hash = (body: string): Buffer => createHash('sha256').update(body).digest();
const ONE = hash('one');
const OTHER = hash('other');

describe('idempotency keys', () => {
  let migrated: MigratedDatabase;
  let repository: IdempotencyRepository;
  let owner: { readonly workspaceId: string; readonly userId: string };
  const freshKey = (): RequestKey => ({ ...owner, route: '/api/v1/chat', key: newId(), holder: newId() });
  const age = (request: RequestKey, column: 'created_at' | 'locked_until', interval: string) =>
    migrated.sql(`UPDATE idempotency_key SET ${column} = ${column} - $2::interval WHERE key = $1`, [
      request.key,
      interval,
    ]);

  beforeAll(async () => {
    migrated = await migratedDatabase('idempotency');
    repository = new IdempotencyRepository(migrated.database, new Sealer(randomBytes(32)));
    owner = await migrated.tenant();
  });
  afterAll(() => migrated.drop());

  it('are reserved by exactly one of 200 parallel requests', async () => {
    const request = freshKey();
    const states = await Promise.all(Array.from({ length: 200 }, () => repository.reserve(request, ONE)));
    expect(states.filter(({ state }) => state === 'reserved')).toEqual([{ state: 'reserved', runId: null }]);
    expect(states.filter(({ state }) => state === 'inFlight')).toHaveLength(199);
  });

  it('are of one workspace, user and route', async () => {
    const request = freshKey();
    const neighbour = await migrated.tenant();
    for (const other of [
      request,
      { ...request, ...neighbour },
      { ...request, userId: newId() },
      { ...request, route: '/x' },
    ]) {
      expect(await repository.reserve(other, ONE)).toEqual({ state: 'reserved', runId: null });
    }
  });

  it('belong to one body, also once answered or abandoned', async () => {
    const request = freshKey();
    await repository.reserve(request, ONE);
    expect(await repository.reserve(request, OTHER)).toEqual({ state: 'otherBody' });
    await age(request, 'locked_until', '2 minutes');
    expect(await repository.reserve(request, OTHER)).toEqual({ state: 'otherBody' });
    await repository.answer(request, { status: 201, headers: {}, body: '' });
    expect(await repository.reserve(request, OTHER)).toEqual({ state: 'otherBody' });
  });

  it('give the first answer again, which is stored sealed', async () => {
    const request = freshKey();
    const answer = { status: 201, headers: { Location: '/things/1' }, body: '{"secret":"hunter2"}' };
    await repository.reserve(request, ONE);
    await repository.answer(request, answer);
    expect(await repository.reserve(request, ONE)).toEqual({ state: 'answered', runId: null, answer });
    const [row] = await migrated.sql<object>('SELECT * FROM idempotency_key WHERE key = $1', [request.key]);
    const { sealed_body: sealed, ...plain } = row as { sealed_body: Buffer };
    expect(sealed.includes('hunter2')).toBe(false);
    expect(JSON.stringify(plain)).not.toContain('hunter2');
  });

  it('are taken over, by one request, once their holder has been silent for 15 seconds', async () => {
    const request = freshKey();
    await repository.reserve(request, ONE);
    await age(request, 'locked_until', '1 second');
    expect(await repository.reserve(request, ONE)).toEqual({ state: 'inFlight' });
    await age(request, 'locked_until', '15 seconds');
    const states = await Promise.all(Array.from({ length: 20 }, () => repository.reserve(request, ONE)));
    expect(states.filter(({ state }) => state === 'reserved')).toHaveLength(1);
    expect(states.filter(({ state }) => state === 'inFlight')).toHaveLength(19);
  });

  it('are taken over with the run their holder had caused', async () => {
    const request = freshKey();
    const runId = newId();
    await repository.reserve(request, ONE);
    await repository.attachRun(request, runId);
    await repository.attachRun(request, newId());
    await age(request, 'locked_until', '2 minutes');
    expect(await repository.reserve(request, ONE)).toEqual({ state: 'reserved', runId });
  });

  it('start anew after 24 hours, with any body and without the run of before', async () => {
    const request = freshKey();
    await repository.reserve(request, ONE);
    await repository.attachRun(request, newId());
    await repository.answer(request, { status: 200, headers: {}, body: '' });
    await age(request, 'created_at', '23 hours 59 minutes');
    expect(await repository.reserve(request, ONE)).toMatchObject({ state: 'answered' });
    await age(request, 'created_at', '2 minutes');
    expect(await repository.reserve(request, OTHER)).toEqual({ state: 'reserved', runId: null });
    expect(await repository.reserve(request, OTHER)).toEqual({ state: 'inFlight' });
  });

  it('are free again when their request caused nothing, and only then', async () => {
    const [nothing, run, answered] = [freshKey(), freshKey(), freshKey()];
    for (const request of [nothing, run, answered]) await repository.reserve(request, ONE);
    await repository.attachRun(run, newId());
    await repository.answer(answered, { status: 200, headers: {}, body: '' });
    for (const request of [nothing, run, answered]) await repository.release(request);
    expect(await repository.reserve(nothing, OTHER)).toEqual({ state: 'reserved', runId: null });
    expect(await repository.reserve(run, OTHER)).toEqual({ state: 'otherBody' });
    expect(await repository.reserve(answered, ONE)).toMatchObject({ state: 'answered' });
  });

  it('are freed by the request that holds them alone', async () => {
    const slow = freshKey();
    const heir = { ...slow, holder: newId() };
    await repository.reserve(slow, ONE);
    await age(slow, 'locked_until', '2 minutes');
    await repository.reserve(heir, ONE);
    await repository.release(slow);
    expect(await repository.reserve({ ...slow, holder: newId() }, ONE)).toEqual({ state: 'inFlight' });
    await repository.release(heir);
    expect(await repository.reserve({ ...slow, holder: newId() }, ONE)).toEqual({ state: 'reserved', runId: null });
  });

  it('are forgotten after 24 hours, a bounded number at a time', async () => {
    await migrated.sql('DELETE FROM idempotency_key');
    const requests = Array.from({ length: 5 }, freshKey);
    for (const request of requests) await repository.reserve(request, ONE);
    for (const request of requests.slice(0, 4)) await age(request, 'created_at', '25 hours');
    const left = async () => (await migrated.sql('SELECT 1 FROM idempotency_key')).length;
    await repository.sweep(3);
    expect(await left()).toBe(2);
    await repository.sweep(3);
    expect(await left()).toBe(1);
  });

  describe('on requests', () => {
    let app: INestApplication;
    let origin = '';
    let calls = 0;
    let held = Promise.withResolvers<void>();

    @Controller()
    class ThingController {
      @Post('things')
      async create(
        @Body() body: { name?: string; fault?: string },
        @Res({ passthrough: true }) response: Response,
      ): Promise<object> {
        calls += 1;
        await migrated.database.query('INSERT INTO thing (name) VALUES ($1)', [body.name ?? 'unnamed']);
        if (body.fault === 'refused') throw notFound('There is nothing like that.');
        if (body.fault === 'busy') throw conflict('Something holds it.');
        if (body.fault === 'unforeseen') throw new Error('unforeseen');
        if (body.fault === 'slow') await held.promise;
        response.setHeader('Location', '/things/1');
        return { call: calls, name: body.name };
      }

      @Post('nothing')
      @HttpCode(204)
      nothing(): void {
        calls += 1;
      }

      @Post('runs')
      @CausesRun()
      async run(@Body() body: { fault?: string }): Promise<object> {
        const context = currentRequest();
        if (context?.attachedRunId !== undefined) return { runId: context.attachedRunId, repeated: true };
        calls += 1;
        if (body.fault === 'before') throw conflict('Something holds it.');
        const runId = newId();
        await migrated.database.transaction(async () => context?.attachRun?.(runId));
        if (body.fault === 'after') throw new Error('unforeseen');
        return { runId };
      }
    }

    @Module({
      controllers: [ThingController],
      providers: [
        { provide: Database, useFactory: () => migrated.database },
        { provide: IdempotencyRepository, useFactory: () => repository },
        IdempotencyInterceptor,
      ],
    })
    class ThingModule {}

    beforeAll(async () => {
      await migrated.sql('CREATE TABLE thing (name text)');
      app = await NestFactory.create(ThingModule, { logger: false });
      app.use(requestContext, (request: AuthenticatedRequest, _: Response, next: NextFunction) => {
        request.principal = { ...owner, role: 'editor', isSystemAdmin: false };
        next();
      });
      const interceptor = new IdempotencyInterceptor(repository, migrated.database, app.get(Reflector));
      app.useGlobalInterceptors(interceptor);
      app.useGlobalFilters(new ProblemFilter());
      await app.listen(0, '127.0.0.1');
      origin = `http://127.0.0.1:${((app.getHttpServer() as { address(): unknown }).address() as AddressInfo).port}`;
    });
    beforeEach(async () => {
      calls = 0;
      held = Promise.withResolvers();
      await migrated.sql('TRUNCATE thing');
    });
    afterAll(() => app.close());

    const post = async (path: string, key: string | undefined, body: object = {}) => {
      const headers = { 'Content-Type': 'application/json', ...(key === undefined ? {} : { 'Idempotency-Key': key }) };
      const response = await fetch(`${origin}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      const text = await response.text();
      return {
        status: response.status,
        location: response.headers.get('location'),
        replayed: response.headers.get('idempotent-replay'),
        retryAfter: response.headers.get('retry-after'),
        body: (text === '' ? undefined : JSON.parse(text)) as Record<string, unknown> | undefined,
      };
    };
    const things = async () => (await migrated.sql('SELECT 1 FROM thing')).length;

    it('do the act once and repeat its answer', async () => {
      const key = newId();
      const first = await post('/things', key, { name: 'a' });
      expect(first).toMatchObject({ status: 201, location: '/things/1', replayed: null, body: { call: 1, name: 'a' } });
      expect(await post('/things', key, { name: 'a' })).toEqual({ ...first, replayed: 'true' });
      expect([calls, await things()]).toEqual([1, 1]);
    });

    it('repeat an answer without a body', async () => {
      const key = newId();
      await post('/nothing', key);
      expect(await post('/nothing', key)).toMatchObject({ status: 204, replayed: 'true', body: undefined });
      expect(calls).toBe(1);
    });

    it('do the act each time without a key', async () => {
      await post('/things', undefined);
      await post('/things', undefined);
      expect(calls).toBe(2);
    });

    it('do the act once for many requests at the same time', async () => {
      const key = newId();
      const answers = Array.from({ length: 30 }, () => post('/things', key, { fault: 'slow' }));
      const busy = await Promise.race(answers);
      expect(busy).toMatchObject({ status: 409, retryAfter: '1', body: { type: '/problems/request-in-flight' } });
      held.resolve();
      for (const { status, body } of await Promise.all(answers)) {
        if (status === 201) expect(body).toEqual({ call: 1 });
        else expect(status).toBe(409);
      }
      expect([calls, await things()]).toEqual([1, 1]);
    });

    it('refuse another body, and keys that are none', async () => {
      const key = newId();
      await post('/things', key, { name: 'a' });
      expect(await post('/things', key, { name: 'b' })).toMatchObject({
        status: 422,
        body: { type: '/problems/idempotency-key-reused' },
      });
      for (const bad of ['a b', 'x'.repeat(256), 'é']) {
        expect(await post('/things', bad)).toMatchObject({
          status: 400,
          body: { type: '/problems/idempotency-key-invalid' },
        });
      }
      expect(calls).toBe(1);
    });

    it.each(['refused', 'busy', 'unforeseen'])('undo an act that fails, and try it anew: %s', async (fault) => {
      const key = newId();
      const first = await post('/things', key, { fault });
      expect(first.status).toBeGreaterThanOrEqual(404);
      expect(await post('/things', key, { fault })).toMatchObject({ status: first.status, replayed: null });
      expect([calls, await things()]).toEqual([2, 0]);
    });

    it('answer from the run that the first request caused', async () => {
      const key = newId();
      const first = await post('/runs', key);
      expect(await post('/runs', key)).toMatchObject({
        status: 201,
        body: { runId: first.body?.runId, repeated: true },
      });
      expect(calls).toBe(1);
    });

    it('answer from that run also when the request failed after it', async () => {
      const key = newId();
      expect((await post('/runs', key, { fault: 'after' })).status).toBe(500);
      expect(await post('/runs', key, { fault: 'after' })).toMatchObject({ status: 201, body: { repeated: true } });
      expect(calls).toBe(1);
    });

    it('do the act anew when the answer to the reservation was lost', async () => {
      const key = newId();
      const reserve = repository.reserve.bind(repository);
      const cut = jest.spyOn(repository, 'reserve').mockImplementationOnce(async (...given) => {
        await reserve(...given);
        throw new Error('Connection terminated unexpectedly');
      });
      expect((await post('/things', key)).status).toBe(503);
      cut.mockRestore();
      expect(await post('/things', key)).toMatchObject({ status: 201, replayed: null });
      expect(calls).toBe(1);
    });

    it('try anew when no run was caused', async () => {
      const key = newId();
      await post('/runs', key, { fault: 'before' });
      expect(await post('/runs', key, { fault: 'before' })).toMatchObject({ status: 409 });
      expect(calls).toBe(2);
    });
  });
});
