import { jest } from '@jest/globals';
import type { Database } from '../platform/database/database.js';
import { Meters } from '../platform/telemetry/meters.js';
import type { FigureRepository, Workload } from './figure.repository.js';
import { OpenStreams } from './open-streams.js';
import { ProcessFigures } from './process-figures.js';
import { ProcessMeter } from './process-meter.js';

const database = { connections: { open: 3, idle: 2, waiting: 0 } } as Database;

function metered(workload: () => Promise<Workload>) {
  const meters = new Meters();
  const process = new ProcessFigures();
  const figures = { workload } as unknown as FigureRepository;
  const streams = new OpenStreams();
  new ProcessMeter(meters, figures, process, streams, database).toString();
  return { told: () => meters.registry.metrics(), process, streams };
}

describe('what is measured of a process', () => {
  beforeEach(() => void jest.spyOn(performance, 'now').mockReturnValue(1));
  afterEach(() => jest.restoreAllMocks());

  it('leaves out what the database does not tell, and tells the rest', async () => {
    const { told } = metered(() => Promise.reject(new Error('Away.')));
    const text = await told();
    expect(text).not.toMatch(/^chatter_runs_active /m);
    expect(text).not.toMatch(/^chatter_run_queue_depth /m);
    expect(text).toMatch(/^chatter_database_pool_idle 2$/m);
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
  });

  it('asks the database once, whoever looks how often', async () => {
    let asked = 0;
    const { told } = metered(async () => {
      asked += 1;
      return { activeRuns: 4, queueDepth: 5 };
    });
    const texts = await Promise.all(Array.from({ length: 10 }, told));
    expect(asked).toBe(1);
    expect(
      texts.every((text) => /^chatter_runs_active 4$/m.test(text) && /^chatter_run_queue_depth 5$/m.test(text)),
    ).toBe(true);
  });

  it('is nothing as long as nothing was measured', () => {
    const { process } = metered(async () => ({ activeRuns: 0, queueDepth: 0 }));
    expect([process.lagMs(0.5), process.lagMs(0.99), process.cpuPercent]).toEqual([null, null, null]);
  });

  it('counts streams until they are closed, by workspace', () => {
    const { streams } = metered(async () => ({ activeRuns: 0, queueDepth: 0 }));
    const close = [streams.opened('a'), streams.opened('a'), streams.opened('b')];
    expect([streams.count('a'), streams.count('b'), streams.count('c'), streams.count(null)]).toEqual([2, 1, 0, 3]);
    for (const each of close) each();
    expect([streams.count('a'), streams.count(null)]).toEqual([0, 0]);
  });
});
