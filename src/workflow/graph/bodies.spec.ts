import { eventually } from '../../../test/support/eventually.js';
import { FakeRunHost, graphExecution } from '../../../test/support/fake-run-host.js';
import { fakeFailure } from '../../../test/support/graph-drawing.js';
import { limitReached, runCancelled } from '../workflow.errors.js';
import { bodiesOf, messagesOf } from './bodies.js';
import { BranchCancelled, type CompiledTarget, type GraphExecution } from './execution.js';
import type { GraphState } from './graph-state.js';

const STATE: GraphState = {
  variables: { mine: 1 },
  nodes: {},
  ends: {},
  ports: {},
  messages: [{ role: 'user', content: 'of the parent' }],
  finishReason: undefined,
};
const never = () => new Promise<never>(() => undefined);

describe('the bodies of a node', () => {
  let host: FakeRunHost;
  let node: AbortController;
  let given: GraphExecution | undefined;

  beforeEach(() => {
    host = new FakeRunHost();
    node = new AbortController();
    given = undefined;
  });

  /** The bodies of the node `node`; the workflow at `/body` does `work`. */
  const bodies = (
    work: (execution: GraphExecution) => Promise<unknown>,
    parts: Partial<GraphExecution> & { readonly parameters?: object } = {},
  ) => {
    const { parameters = {}, ...execution } = parts;
    const target: CompiledTarget = {
      graph: {
        run: async (asked) => {
          given = asked;
          return { output: await work(asked), variables: { left: 1 }, finishReason: undefined };
        },
      },
      workflow: { name: 'body', hash: 'h' },
      parameters: parameters as CompiledTarget['parameters'],
    };
    const at = graphExecution(host, { input: { a: 1 }, item: 'outer', ...execution });
    return bodiesOf(new Map([['/body', target]]), ['node'], STATE, at, node.signal);
  };
  /** Ends with its signal, as graphs do. */
  const untilStopped = ({ signal }: GraphExecution) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });

  it('are known by their pointers', async () => {
    await expect(bodies(never).pass('/other', { variables: {}, index: 0 })).rejects.toThrow('"/other"');
  });

  describe('as a pass', () => {
    it('see the input with the parameters, the variables they are given, item and index', async () => {
      const pass = bodies(async () => 'out', { parameters: { p: 2 } }).pass('/body', {
        variables: { v: 1 },
        item: null,
        index: 3,
      });
      expect(await pass).toEqual({ output: 'out', variables: { left: 1 } });
      expect(given).toMatchObject({
        run: { id: 'r' },
        path: ['node', '3'],
        input: { a: 1, p: 2 },
        variables: { v: 1 },
        item: null,
        index: 3,
        messages: STATE.messages,
      });
    });

    it('see the item around them when they have none of their own', async () => {
      await bodies(async () => 1).pass('/body', { variables: {}, index: 0 });
      expect(given?.item).toBe('outer');
    });

    it('add nothing to what the run around them has come to', async () => {
      await bodies(async () => 1, { reached: { variables: {} } }).pass('/body', { variables: {}, index: 0 });
      expect(given?.reached).toBeUndefined();
    });

    it('throw what they throw, and tell no child', async () => {
      const error = fakeFailure('bad');
      await expect(bodies(() => Promise.reject(error)).pass('/body', { variables: {}, index: 0 })).rejects.toBe(error);
      expect(host.events).toEqual([]);
    });

    it('are stopped with the node, and by the signal of their own', async () => {
      const own = new AbortController();
      const first = bodies(untilStopped).pass('/body', { variables: {}, index: 0, signal: own.signal });
      own.abort(new Error('own'));
      await expect(first).rejects.toThrow('own');
      const second = bodies(untilStopped).pass('/body', { variables: {}, index: 0 });
      node.abort(new Error('of the node'));
      await expect(second).rejects.toThrow('of the node');
    });
  });

  describe('as a pass that is tried', () => {
    const options = { variables: {}, index: 0 };

    it.each([
      ['succeeded', undefined, 'out'],
      ['failed', fakeFailure('bad'), undefined],
      ['failed', new Error('odd'), undefined],
      ['timedOut', limitReached('nodeTimeoutMs', 5, 'It'), undefined],
      ['cancelled', runCancelled('No.'), undefined],
      ['cancelled', new BranchCancelled(), undefined],
    ] as const)('are %s with %p', async (status, error, output) => {
      const result = await bodies(() => (error ? Promise.reject(error) : Promise.resolve(output))).tryPass(
        '/body',
        options,
      );
      expect(result).toMatchObject(error ? { status, problem: { detail: expect.any(String) } } : { status, output });
    });

    it('throw when the node itself is to end', async () => {
      const running = bodies(untilStopped).tryPass('/body', options);
      const reason = new Error('of the node');
      node.abort(reason);
      await expect(running).rejects.toBe(reason);
    });

    it('are what their own signal says, whatever they made of it', async () => {
      const own = new AbortController();
      const running = bodies(async (execution) => {
        await untilStopped(execution).catch(() => undefined);
        throw fakeFailure('confused');
      }).tryPass('/body', { ...options, signal: own.signal });
      own.abort(new BranchCancelled());
      expect(await running).toMatchObject({ status: 'cancelled' });
    });
  });

  describe('as a child run', () => {
    const options = { key: 'c', index: 2, input: { message: 'Hi', n: 1 } };

    it('have an id, an input and messages of their own, and nothing of the variables', async () => {
      const result = await bodies(async () => 'out', { parameters: { n: 7 } }).child('/body', options);
      expect(result).toEqual({ status: 'succeeded', output: 'out', durationMs: expect.any(Number), usage: null });
      const [{ child } = { child: undefined }] = host.of('childStart');
      expect(child).toMatchObject({
        parentRunId: 'r',
        index: 2,
        workflow: { name: 'body' },
        input: { message: 'Hi', n: 7 },
      });
      expect(given).toMatchObject({
        run: { id: child?.id, workspaceId: 'w', userId: 'u', conversationId: 'c' },
        path: ['node', 'c'],
        input: { message: 'Hi', n: 7 },
        variables: {},
        messages: [{ role: 'user', content: 'Hi' }],
      });
      expect(given).not.toHaveProperty('item');
      expect(host.told).toEqual(['childStart node/c', 'childEnd succeeded node/c']);
    });

    it('have no name of their own where the node has but one', async () => {
      await bodies(async () => 1).child('/body', { index: 0, input: {} });
      expect(given?.path).toEqual(['node']);
    });

    it.each([
      ['failed', fakeFailure('bad'), 'bad'],
      ['timedOut', limitReached('nodeTimeoutMs', 5, 'It'), 'It took longer'],
      ['cancelled', runCancelled('No.'), 'No.'],
    ] as const)('are a result when they are %s', async (status, error, detail) => {
      const result = await bodies(() => Promise.reject(error)).child('/body', options);
      expect(result).toMatchObject({ status, problem: { detail: expect.stringContaining(detail) } });
      expect(result).not.toHaveProperty('output');
    });

    it('keep what one that failed has come to', async () => {
      const failing =
        (reached: object) =>
        ({ reached: own }: GraphExecution) => {
          Object.assign(own ?? {}, reached);
          return Promise.reject(fakeFailure('half'));
        };
      const failed = { status: 'failed', problem: { detail: 'half' } };
      const left = await bodies(failing({ variables: { a: 1 } })).child('/body', options);
      expect(left).toMatchObject({ ...failed, output: { a: 1 } });
      const shown = await bodies(failing({ variables: { a: 1 }, output: () => 'b' })).child('/body', options);
      expect(shown).toMatchObject({ ...failed, output: 'b' });
    });

    it('end when their time on the wall is up', async () => {
      const result = await bodies(untilStopped).child('/body', { ...options, timeoutMs: 30 });
      expect(result).toMatchObject({
        status: 'timedOut',
        problem: { limit: 'timeoutMs', value: 30, detail: expect.stringContaining('Child "c"') },
      });
    });

    it('have no more time when they are taken up again than when they began', async () => {
      const died = new AbortController();
      void bodies(untilStopped).child('/body', { ...options, timeoutMs: 3_600_000, signal: died.signal });
      await eventually(() => host.log.length > 0);
      const [{ child } = { child: undefined }] = host.of('childStart');
      const old = host.log.map((event) => ({ ...event, data: event.data.replace(/"at":"\d{4}/, '"at":"2001') }));
      died.abort(new BranchCancelled());
      host = new FakeRunHost(old);
      const result = await bodies(untilStopped).child('/body', { ...options, timeoutMs: 3_600_000 });
      expect(result).toMatchObject({ status: 'timedOut', problem: { value: 3_600_000 } });
      expect(given?.run.id).toBe(child?.id);
      expect(host.log.filter(({ type }) => type === 'child_start')).toHaveLength(1);
    });

    it('can be cancelled alone', async () => {
      const running = bodies(untilStopped).child('/body', options);
      host.cancelChild('node/c');
      expect(await running).toMatchObject({ status: 'cancelled' });
    });

    it('end with the node', async () => {
      const running = bodies(untilStopped).child('/body', options);
      const reason = limitReached('nodeTimeoutMs', 5, 'The node');
      node.abort(reason);
      expect(await running).toMatchObject({ status: 'timedOut', problem: { limit: 'nodeTimeoutMs' } });
      expect(host.told).toEqual(['childStart node/c', 'childEnd timedOut node/c']);
    });

    it('that have ended in an earlier attempt are not run again', async () => {
      const first = await bodies(async () => ({ deep: [1] })).child('/body', options);
      host = host.resumed();
      given = undefined;
      expect(await bodies(never).child('/body', options)).toEqual(first);
      expect(given).toBeUndefined();
      expect(host.events).toEqual([]);
    });

    it('do not begin when the node is to end', async () => {
      node.abort(new Error('over'));
      await expect(bodies(never).child('/body', options)).rejects.toThrow('over');
      expect(host.events).toEqual([]);
    });
  });

  it.each([
    [{ message: 'Hi' }, [{ role: 'user', content: 'Hi' }]],
    [{ message: 1 }, []],
    [{}, []],
  ])('begin with the message of the input %j', (input, messages) => {
    expect(messagesOf(input)).toEqual(messages);
  });
});
