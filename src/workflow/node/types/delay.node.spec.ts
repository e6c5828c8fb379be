import { executed, optionsOf } from '../../../../test/support/node-context.js';
import { inParallel } from '../in-parallel.js';
import { DelayNode } from './delay.node.js';

const startedAt = new Date('2026-11-23T09:30:00.000Z');

async function waitedFor(config: Readonly<Record<string, unknown>>) {
  const asked: Date[] = [];
  const waits = {
    until: async (at: Date) => void asked.push(at),
    approval: () => Promise.reject(new Error('Not asked.')),
    forEach: inParallel,
  };
  const { result } = await executed(new DelayNode(), { config, startedAt, waits });
  return { asked: asked.map((at) => at.toISOString()), result };
}

describe('the delay node', () => {
  it('waits from the time it first began', async () => {
    const { asked, result } = await waitedFor({ ms: 90_000 });
    expect(asked).toEqual(['2026-11-23T09:31:30.000Z']);
    expect(result).toEqual({ output: { until: '2026-11-23T09:31:30.000Z' } });
  });

  it.each([
    ['2026-12-01T00:00:00Z', '2026-12-01T00:00:00.000Z'],
    ['2026-12-01T00:00:00.5+02:00', '2026-11-30T22:00:00.500Z'],
    ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00.000Z'],
  ])('waits until %s', async (until, at) => {
    expect((await waitedFor({ until })).asked).toEqual([at]);
  });

  it('goes on when the wait is over, not before', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let isOver = false;
    const waits = {
      until: () => promise,
      approval: () => Promise.reject(new Error('Not asked.')),
      forEach: inParallel,
    };
    const done = executed(new DelayNode(), { config: { ms: 1 }, waits }).then(() => (isOver = true));
    await new Promise((later) => setImmediate(later));
    expect(isOver).toBe(false);
    resolve();
    await done;
    expect(isOver).toBe(true);
  });

  it.each([{}, { ms: 1, until: '2026-12-01T00:00:00Z' }, { until: 'tomorrow' }, { until: '2026-12-01' }, { ms: -1 }])(
    'is invalid with %j',
    (config) => {
      expect(optionsOf(DelayNode).config.safeParse(config).success).toBe(false);
    },
  );
});
