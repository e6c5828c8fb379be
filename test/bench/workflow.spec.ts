import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { drive, takes, UNOBSERVED, type Load } from '../../bench/load-client.ts';
import { chatterTarget, runsRoute, type LoadTarget } from '../../bench/load-target.ts';
import type { LoadFigures } from '../../bench/load-meter.ts';
import * as jobs from '../../bench/workflow-job.ts';
import { warmUps, workloads } from '../../bench/workload.ts';
import { Definition } from '../../src/workflow/definition/definition.js';

const PACE = { concurrency: 2, rampMs: 0, warmupMs: 0, windowMs: 500 };

describe('the workflows of the benchmark', () => {
  const servers: Server[] = [];

  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  async function driven(answer: (response: ServerResponse, body: string) => void): Promise<LoadFigures> {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (piece: Buffer) => (body += piece.toString()));
      request.once('end', () => answer(response, body));
    });
    servers.push(server);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const target: LoadTarget = { origin: `http://127.0.0.1:${port}`, headers: {}, workflows: runsRoute(() => true) };
    return drive(target, { job: jobs.pureSteps, ...PACE }, UNOBSERVED);
  }
  const ran = (response: ServerResponse, status: string, output: unknown) =>
    response.end(JSON.stringify({ run: { status, output } }));

  it('send the definition and accept a run with the right output', async () => {
    const bodies = new Set<string>();
    const figures = await driven((response, body) => {
      bodies.add(body);
      ran(response, 'succeeded', jobs.pureSteps.output);
    });

    expect(figures).toMatchObject({ errors: 0, mismatches: 0 });
    expect(figures.answers).toBeGreaterThan(0);
    expect([...bodies].map((body) => JSON.parse(body) as object)).toEqual([
      { definition: jobs.pureSteps.definition, input: {} },
    ]);
  });

  it.each([
    ['another output', 'succeeded', 'x'],
    ['no success', 'failed', jobs.pureSteps.output],
  ])('count a run with %s as a mismatch', async (_, status, output) => {
    const figures = await driven((response) => ran(response, status, output));

    expect(figures).toMatchObject({ errors: 0, answers: 0 });
    expect(figures.mismatches).toBeGreaterThan(0);
  });

  it('count what is no run as an error', async () => {
    const figures = await driven((response) => response.end('{}'));

    expect(figures).toMatchObject({ answers: 0, mismatches: 0 });
    expect(figures.errors).toBeGreaterThan(0);
  });

  it.each(Object.values(jobs))('are valid definitions with as many steps as they say: $name', (job) => {
    const { nodes, edges } = job.definition;
    expect(Definition.safeParse(job.definition).error?.issues).toBeUndefined();
    expect([nodes.length, job.isLine && edges.length === nodes.length - 1]).toEqual([
      job === jobs.mapItems ? 1 : job.steps,
      job.isLine,
    ]);
  });

  it('are asked of systems that run them, and chat of those that chat', () => {
    const chat = chatterTarget('http://127.0.0.1:1', {}, 'p');
    const lines: LoadTarget = { ...chat, chat: undefined, workflows: runsRoute(({ isLine }) => isLine) };
    const loads: readonly Load[] = [...warmUps({ quick: true }), ...workloads({ quick: true }).map(({ load }) => load)];
    const taken = (target: LoadTarget) => loads.filter((load) => takes(target, load));

    expect(taken(chat).length).toBeGreaterThan(0);
    expect(taken(chat).every((load) => 'model' in load)).toBe(true);
    expect(taken(lines).length).toBeGreaterThan(0);
    expect(taken(lines).every((load) => 'job' in load && load.job.isLine)).toBe(true);
  });
});
