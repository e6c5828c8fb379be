import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { eventually } from '../../../test/support/eventually.js';
import { FakeRunHost, graphExecution } from '../../../test/support/fake-run-host.js';
import {
  drawn,
  executed as executedOf,
  fakeType,
  fakeTypes,
  Gates,
  type Drawing,
  type FakeContext,
} from '../../../test/support/graph-drawing.js';
import { isTimeLimit, runCancelled } from '../workflow.errors.js';
import { Problem } from '../../platform/problem/problem.js';
import type { GraphExecution } from './execution.js';

const FAIL = fakeType(() => Promise.reject(new Error('own fault')));
const SAY = fakeType(async ({ config, emit, messages }) => {
  emit({ type: 'token', content: String(config.say), messageKey: 'm' });
  return {
    output: messages.length,
    messages: [...messages, { role: 'assistant', content: String(config.say) }],
    finishReason: 'stop',
  };
});
const TYPES = { ...fakeTypes(), fail: FAIL, say: SAY };

function executed(drawing: Drawing, parts: Partial<GraphExecution> = {}, types: typeof TYPES | object = TYPES) {
  const host = new FakeRunHost();
  const { outcome } = executedOf(drawing, { ...parts, host }, types as typeof TYPES);
  return { host, events: host.events, outcome };
}

describe('a compiled graph', () => {
  it('runs its nodes in the order of its edges and tells of each', async () => {
    const { outcome, host, events } = executed({
      nodes: { last: ['set', { z: 3 }], first: ['set', { x: 1 }], middle: ['set', { y: 2 }] },
      edges: [
        ['first', 'middle'],
        ['middle', 'last'],
      ],
    });
    expect((await outcome).output).toEqual({ x: 1, y: 2, z: 3 });
    expect(host.told).toEqual(
      ['first', 'middle', 'last'].flatMap((id) => [`nodeStart ${id}`, `nodeEnd succeeded ${id}`]),
    );
    expect(events.at(-1)).toMatchObject({ kind: 'nodeEnd', output: { z: 3 }, durationMs: expect.any(Number) });
  });

  it('starts with every node that no edge leads to, and merges what branches say', async () => {
    const { outcome } = executed({
      nodes: { a: ['set', { a: 1 }], b: ['set', { b: 2 }], c: ['set', { c: '{{a}}{{b}}' }] },
      edges: [
        ['a', 'c'],
        ['b', 'c'],
      ],
    });
    expect((await outcome).output).toEqual({ a: 1, b: 2, c: '12' });
  });

  it('runs branches side by side', async () => {
    const gates = new Gates();
    const names = Array.from({ length: 10 }, (_, index) => `p${index}`);
    const nodes = Object.fromEntries(names.map((name) => [name, ['gate'] as const]));
    const { outcome } = executed({ nodes }, {}, fakeTypes(gates));
    await eventually(() => gates.reached.length === 10);
    for (const name of names) gates.open(name);
    await outcome;
  });

  it.each([
    ['left', { left: true }],
    ['right', { right: true, after: true }],
    ['nowhere', {}],
  ])('follows only the edges of the port a node leaves by: %s', async (port, output) => {
    const { outcome } = executed({
      nodes: {
        go: ['go', { port }],
        l: ['set', { left: true }],
        r: ['set', { right: true }],
        end: ['set', { after: true }],
      },
      edges: [
        ['go', 'l', 'left'],
        ['go', 'r', 'right'],
        ['r', 'end'],
      ],
    });
    expect((await outcome).output).toEqual(output);
  });

  it.each([
    ['runs on its own', 'go', { port: 'left' }, {}],
    ['is one with the node after it', 'broken', {}, { onError: { port: 'error' } }],
  ] as const)('ends where no edge takes the port, also when the node %s', async (_, type, config, options) => {
    const broken = fakeType(() => Promise.reject(new Error('own fault')), { pure: true });
    const { outcome, host } = executed(
      {
        nodes: { first: ['set', { first: true }], a: [type, config, options], b: ['set', { b: true }] },
        edges: [
          ['first', 'a'],
          ['a', 'b'],
        ],
      },
      {},
      { ...TYPES, broken },
    );
    expect((await outcome).output).toEqual({ first: true });
    expect(host.begun).toEqual(['first', 'a']);
  });

  it('follows every edge of one port', async () => {
    const { outcome } = executed({
      nodes: { go: ['go', { port: 'left' }], a: ['set', { a: 1 }], b: ['set', { b: 1 }], c: ['set', { c: 1 }] },
      edges: [
        ['go', 'a', 'left'],
        ['go', 'b', 'left'],
        ['go', 'c', 'right'],
      ],
    });
    expect((await outcome).output).toEqual({ a: 1, b: 1 });
  });

  it('resolves references to input, variables, earlier outputs and who asks', async () => {
    const { outcome } = executed({
      nodes: {
        one: ['set', { greeting: '{{input.message}}!', n: '{{input.n}}' }],
        two: ['set', { sum: '{{greeting}} {{nodes.one.output.n}} {{conversation.id}} {{user.id}}' }],
      },
      edges: [['one', 'two']],
      output: { text: '{{sum}}', n: '{{variables.n}}', missing: '{{nothing}}' },
    });
    expect((await outcome).output).toEqual({ text: 'Hello! 3 c u', n: 3, missing: null });
  });

  it('hands messages on from node to node, and the last reason to finish to its end', async () => {
    const { outcome, events } = executed({
      nodes: { a: ['say', { say: 'one' }], b: ['say', { say: 'two' }] },
      edges: [['a', 'b']],
      output: '{{nodes.b.output}}',
    });
    expect(await outcome).toEqual({ output: 2, variables: {}, finishReason: 'stop' });
    expect(events.filter(({ kind }) => kind === 'node')).toEqual([
      { kind: 'node', path: ['a'], event: { type: 'token', content: 'one', messageKey: 'm' } },
      { kind: 'node', path: ['b'], event: { type: 'token', content: 'two', messageKey: 'm' } },
    ]);
  });

  it.each(['messages', 'variables', 'nodes', 'ports', 'finishReason', 'constructor', 'toString', 'a-b', 'valueOf'])(
    'may call a node %s',
    async (id) => {
      const { outcome } = executed({
        nodes: {
          [id]: ['set', { x: 1 }],
          go: ['go', { port: 'left' }],
          end: ['set', { y: `{{nodes.${id}.output.x}}` }],
        },
        edges: [
          [id, 'go'],
          ['go', 'end', 'left'],
        ],
      });
      expect((await outcome).output).toEqual({ x: 1, y: 1 });
    },
  );

  it.each(['__proto__', 'constructor', 'toString'])('may call a variable %s', async (name) => {
    const type = fakeType(async () => ({ variables: { [name]: 'value' } }));
    const { outcome } = executed({ nodes: { a: ['odd'] }, output: `{{variables.${name}}}` }, {}, { odd: type });
    expect((await outcome).output).toBe('value');
    expect(({} as { value?: unknown }).value).toBeUndefined();
  });

  it('can run many times at once without mixing', async () => {
    const graph = drawn({
      nodes: { a: ['pause', { ms: 5 }], b: ['set', { mine: '{{input.mark}}' }] },
      edges: [['a', 'b']],
      output: '{{mine}}',
    });
    const marks = Array.from({ length: 30 }, (_, index) => index);
    const outcomes = marks.map((mark) => graph.run(graphExecution(new FakeRunHost(), { input: { mark } })));
    expect((await Promise.all(outcomes)).map(({ output }) => output)).toEqual(marks);
  });

  describe('that fails', () => {
    it('throws what the node threw, after telling of its end', async () => {
      const { outcome, host } = executed({
        nodes: { a: ['set', { a: 1 }], b: ['fail'], c: ['set', { c: 1 }] },
        edges: [
          ['a', 'b'],
          ['b', 'c'],
        ],
      });
      await expect(outcome).rejects.toThrow('own fault');
      expect(host.told.slice(2)).toEqual(['nodeStart b', 'nodeEnd failed b']);
    });

    it('stops the branches beside it', async () => {
      let stopped: unknown;
      const slow = fakeType(async ({ signal }) => {
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => {
            stopped = signal.reason;
            resolve();
          });
        });
        return {};
      });
      const types = {
        ...TYPES,
        slow,
        late: fakeType(() => sleep(20).then(() => Promise.reject(new Error('own fault')))),
      };
      const { outcome } = executed({ nodes: { a: ['slow'], b: ['late'] } }, {}, types);
      await expect(outcome).rejects.toThrow('own fault');
      await sleep(20);
      expect(stopped).toBeDefined();
    });

    it('leaves no unhandled error of a branch that fails later', async () => {
      const after = (ms: number) => fakeType(() => sleep(ms).then(() => Promise.reject(new Error(`after ${ms}`))));
      const { outcome } = executed(
        { nodes: { a: ['first'], b: ['second'] } },
        {},
        { first: after(5), second: after(40) },
      );
      await expect(outcome).rejects.toThrow('after 5');
      // An unhandled rejection fails the test.
      await sleep(80);
    });

    it.each([
      ['its own limit', { nodes: { slow: ['pause', { ms: 60_000 }, { timeoutMs: 30 }] } } satisfies Drawing, {}],
      ['the default limit', { nodes: { slow: ['pause', { ms: 60_000 }] } } satisfies Drawing, { nodeTimeoutMs: 30 }],
    ])('says which node took longer than %s', async (_, drawing, parts) => {
      const { outcome, host } = executed(drawing, parts);
      const error: unknown = await outcome.catch((fault: unknown) => fault);
      expect(error).toBeInstanceOf(Problem);
      expect(isTimeLimit(error as Problem)).toBe(true);
      expect((error as Problem).detail).toContain('Node "slow"');
      expect(host.told).toEqual(['nodeStart slow', 'nodeEnd failed slow']);
    });

    it('ends at once, for the reason of the run, when the run is stopped', async () => {
      const controller = new AbortController();
      const reason = runCancelled('The run was cancelled.');
      const deaf = fakeType(() => new Promise<never>(() => undefined));
      const { outcome, host } = executed({ nodes: { a: ['deaf'] } }, { signal: controller.signal }, { deaf });
      setTimeout(() => controller.abort(reason), 20);
      await expect(outcome).rejects.toBe(reason);
      expect(host.told).toEqual(['nodeStart a', 'nodeEnd failed a']);
    });

    it('runs nothing once the run is stopped', async () => {
      const { outcome, events } = executed(
        { nodes: { a: ['set', { a: 1 }] } },
        { signal: AbortSignal.abort(new Error('stopped')) },
      );
      await expect(outcome).rejects.toThrow('stopped');
      expect(events.filter(({ kind }) => kind === 'node')).toEqual([]);
    });

    it('no longer hears a node that has ended', async () => {
      let speak: FakeContext['emit'] = () => undefined;
      const chatty = fakeType(async ({ emit }) => {
        speak = emit;
        return {};
      });
      const { outcome, events } = executed({ nodes: { a: ['chatty'] } }, {}, { chatty });
      await outcome;
      const before = events.length;
      speak({ type: 'note', code: 'late', detail: 'x' });
      expect(events).toHaveLength(before);
    });

    it('names the member of a configuration whose reference does not fit', async () => {
      const warm = fakeType(async ({ config }) => ({ output: config }), {
        config: z.strictObject({ temperature: z.number().max(2) }),
      });
      const drawing = { nodes: { ask: ['warm', { temperature: '{{input.t}}' }] } } as const;
      await expect(executed(drawing, { input: { t: 1.5 } }, { warm }).outcome).resolves.toBeDefined();
      await expect(executed(drawing, { input: { t: 3 } }, { warm }).outcome).rejects.toMatchObject({
        type: { slug: 'validation-failed' },
        extensions: { errors: [{ pointer: '/nodes/0/config/temperature', detail: expect.any(String) }] },
      });
    });
  });
});
