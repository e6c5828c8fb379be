import type { AddressInfo } from 'node:net';
import {
  BadRequestException,
  Controller,
  Get,
  Module,
  PayloadTooLargeException,
  Res,
  type INestApplication,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Response } from 'express';
import { IdParam } from '../http/id.pipe.js';
import { requestContext } from '../http/request-context.js';
import { problemType } from './problem.js';
import { ProblemFilter } from './problem.filter.js';

const teapot = problemType({ slug: 'teapot', status: 418, title: 'A teapot', explanation: 'It is short and stout.' });
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const ID = '019A1B2C-3D4E-7F50-8A6B-7C8D9E0F1A2B';

@Controller()
class FaultyController {
  @Get('problem')
  problem(): never {
    throw teapot('Take a cup.', { extensions: { cups: 2 }, headers: { 'Retry-After': '7' } });
  }

  @Get('secret')
  secret(): never {
    throw new Error('password is hunter2');
  }

  @Get('text')
  text(): never {
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    throw 'hunter2';
  }

  @Get('database')
  database(): never {
    throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.1'), { code: 'ECONNREFUSED' });
  }

  @Get('bad')
  bad(): never {
    throw new BadRequestException('hunter2');
  }

  @Get('large')
  large(): never {
    throw new PayloadTooLargeException('hunter2');
  }

  @Get('started')
  async started(@Res() response: Response): Promise<never> {
    response.write('half');
    await new Promise((resolve) => setTimeout(resolve, 50));
    throw teapot('Take a cup.');
  }

  @Get('things/:id')
  thing(@IdParam() id: string): object {
    return { id };
  }
}

@Module({ controllers: [FaultyController] })
class FaultyModule {}

describe('the answer to a failed request', () => {
  let app: INestApplication;
  let origin = '';
  const get = async (path: string) => {
    const response = await fetch(`${origin}${path}`, { headers: { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` } });
    return { response, body: (await response.json()) as Record<string, unknown> };
  };

  beforeAll(async () => {
    app = await NestFactory.create(FaultyModule, { logger: false });
    app.use(requestContext);
    app.useGlobalFilters(new ProblemFilter());
    await app.listen(0, '127.0.0.1');
    origin = `http://127.0.0.1:${((app.getHttpServer() as { address(): unknown }).address() as AddressInfo).port}`;
  });
  afterAll(() => app.close());

  it('is the problem, with where it happened and its trace', async () => {
    const { response, body } = await get('/problem?secret=1');
    expect([response.status, response.headers.get('content-type'), response.headers.get('retry-after')]).toEqual([
      418,
      'application/problem+json; charset=utf-8',
      '7',
    ]);
    expect(body).toEqual({
      type: '/problems/teapot',
      title: 'A teapot',
      status: 418,
      detail: 'Take a cup.',
      cups: 2,
      instance: '/problem',
      traceId: TRACE,
    });
  });

  it.each([
    ['/secret', 500, 'internal'],
    ['/text', 500, 'internal'],
    ['/database', 503, 'unavailable'],
    ['/bad', 400, 'bad-request'],
    ['/large', 413, 'payload-too-large'],
    ['/nowhere', 404, 'not-found'],
    ['/things/%E0%A4%A', 400, 'bad-request'],
  ])('tells of any other error only its kind: %s', async (path, status, slug) => {
    const { response, body } = await get(path);
    expect([response.status, body.status, body.type, body.traceId]).toEqual([
      status,
      status,
      `/problems/${slug}`,
      TRACE,
    ]);
    expect(JSON.stringify(body)).not.toMatch(/hunter2|10\.0\.0\.1|ECONN/);
  });

  it('cuts an answer that had begun', async () => {
    const response = await fetch(`${origin}/started`);
    await expect(response.text()).rejects.toThrow();
  });

  it('takes a path id in either case, and answers 404 to what is none', async () => {
    expect((await get(`/things/${ID}`)).body).toEqual({ id: ID.toLowerCase() });
    for (const id of ['7', 'null', `${ID}0`, '..%2F', `${ID.slice(0, -1)}g`]) {
      expect((await get(`/things/${id}`)).body).toMatchObject({ type: '/problems/not-found' });
    }
  });
});
