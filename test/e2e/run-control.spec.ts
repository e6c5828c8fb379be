import { setTimeout as sleep } from 'node:timers/promises';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { openStream } from '../support/sse.js';
import { graph, says, workflowRoom } from '../support/run-room.js';

const STALL = '[[stall:after=2]]';
const ASK = { id: 'ask', type: 'approval', config: { title: 'Go on?' } };
const FAR = { id: 'wait', type: 'delay', config: { ms: 3_600_000 } };
const DONE = { id: 'done', type: 'end', config: { output: 'done' } };
const line = (...nodes: Parameters<typeof graph>[0][number][]) => graph(nodes);

describe('a run that goes on', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let room: ReturnType<typeof workflowRoom>;

  beforeAll(async () => {
    chatter = await startApp({
      SCRIPTED_TOKEN_MS: '1',
      EVENT_FLUSH_MS: '1',
      MODEL_MAX_RETRIES: '0',
      MAX_RUNS_PER_USER: '3',
      RUN_SWEEP_MS: '500',
      SHUTDOWN_TIMEOUT_MS: '100',
    });
    anna = await chatter.register();
    room = workflowRoom(chatter);
  });
  afterAll(() => chatter.close());

  /** A run in the background, once it stands so. */
  const begun = async (definition: object, status: string, as = anna, more: object = {}): Promise<string> => {
    const { body } = await room.run(as, definition, { mode: 'background', ...more });
    await room.until(as, body.run.id, status);
    return body.run.id as string;
  };
  const children = async (id: string) => (await room.read(`/runs/${id}/children`, anna)).items;
  const childNamed = (id: string, name: string) =>
    eventually(async () => {
      const events = await room.events(anna, id);
      return events.find(({ type, path }) => type === 'child_start' && path.at(-1) === name)?.childRunId as
        string | undefined;
    });

  describe('is cancelled', () => {
    it.each([
      ['running', line(says('slow', 'one two three four', STALL))],
      ['waiting for a person', line(ASK)],
      ['waiting for a timer', line(FAR, DONE)],
    ])('while it is %s, with what it had so far, once and for all', async (what, definition) => {
      const id = await begun(definition, what.split(' ')[0]!);
      if (what === 'running')
        await eventually(async () => (await room.events(anna, id)).some(({ type }) => type === 'token'));
      const { status, body } = await room.act(anna, id, 'cancel');
      expect([status, body.status, body.problem.type]).toEqual([200, 'cancelled', '/problems/run-cancelled']);
      if (what === 'running') expect(body.output).toEqual({ text: 'one two' });
      expect((await room.act(anna, id, 'cancel')).body).toEqual(body);
      const events = await room.events(anna, id);
      expect(events.at(-1)).toMatchObject({ type: 'error', problem: { type: '/problems/run-cancelled' } });
      expect((await room.read(`/approvals?runId=${id}&status=pending`, anna)).items).toEqual([]);
    });

    it('while it is paused', async () => {
      const id = await begun(line(ASK), 'waiting');
      expect((await room.act(anna, id, 'pause')).body.status).toBe('paused');
      expect((await room.act(anna, id, 'cancel')).body.status).toBe('cancelled');
    });

    it('with all its children, and what they ask', async () => {
      const composite = {
        kind: 'composite',
        strategy: 'parallel',
        workflows: [
          { id: 'ask', definition: line(ASK) },
          { id: 'slow', definition: line(says('slow', 'x y z', STALL)) },
        ],
      };
      const id = await begun(composite, 'running');
      await childNamed(id, 'slow');
      const [approval] = await room.pending(anna, id);
      await room.act(anna, id, 'cancel');
      expect((await children(id)).map(({ status }: { status: string }) => status)).toEqual(['cancelled', 'cancelled']);
      expect((await room.read(`/approvals/${approval.id}`, anna)).status).toBe('cancelled');
      const decision = await room.decide(anna, approval.id, { decision: 'approve' });
      expect([decision.status, decision.body.type]).toEqual([409, '/problems/approval-decided']);
    });

    it('in one child alone: its siblings go on, and the composite succeeds', async () => {
      const composite = {
        kind: 'composite',
        strategy: 'parallel',
        workflows: [
          { id: 'stuck', definition: line(says('stuck', 'x y z', STALL)) },
          { id: 'other', definition: line(says('say', 'fine', '[[slow=200]]')) },
        ],
      };
      const { body } = await room.run(anna, composite, { mode: 'background' });
      const { id } = body.run;
      const stuck = await childNamed(id, 'stuck');
      const { body: cancelled } = await room.act(anna, stuck, 'cancel');
      expect([cancelled.kind, cancelled.status, cancelled.problem.type]).toEqual([
        'child',
        'cancelled',
        '/problems/run-cancelled',
      ]);
      const root = await room.until(anna, id, 'succeeded');
      expect(root.output.results).toMatchObject([
        { id: 'stuck', status: 'cancelled' },
        { id: 'other', status: 'succeeded', output: { say: 'fine' } },
      ]);
    });

    it('in one child alone while the whole waits for a person in it', async () => {
      const composite = {
        kind: 'composite',
        strategy: 'sequential',
        workflows: [
          { id: 'ask', definition: line(ASK) },
          { id: 'after', definition: line(says('say', 'fine')) },
        ],
      };
      const id = await begun(composite, 'waiting');
      const child = await childNamed(id, 'ask');
      expect((await room.act(anna, child, 'cancel')).body).toMatchObject({ kind: 'child', status: 'cancelled' });
      const root = await room.until(anna, id, 'succeeded');
      expect(root.output.results.map(({ status }: { status: string }) => status)).toEqual(['cancelled', 'succeeded']);
    });
  });

  describe('is paused', () => {
    it('once the steps that run have ended, and goes on where it was', async () => {
      const definition = line(says('slow', 'a b c d e f', '[[slow=1000]]'), says('after', 'then'), DONE);
      const id = await begun(definition, 'running');
      await eventually(async () => (await room.events(anna, id)).some(({ type }) => type === 'token'));
      expect((await room.act(anna, id, 'pause')).status).toBe(200);
      await room.until(anna, id, 'paused');
      expect(await room.steps(anna, id)).toMatchObject([{ id: 'slow', status: 'succeeded' }]);
      await sleep(1_000);
      expect(await room.until(anna, id, 'paused')).toMatchObject({ attempt: 1 });
      const again = await room.act(anna, id, 'pause');
      expect([again.status, again.body.status]).toEqual([200, 'paused']);
      expect((await room.act(anna, id, 'resume')).status).toBe(200);
      expect(await room.until(anna, id, 'succeeded')).toMatchObject({ output: 'done', attempt: 1 });
      const events = await room.events(anna, id);
      const codes = events.filter(({ type }) => type === 'note').map(({ code }) => code);
      expect(codes).toEqual(['paused', 'resumed']);
      expect(events.filter(({ type }) => type === 'start')).toHaveLength(1);
      expect(events.filter(({ type, nodeId }) => type === 'node_start' && nodeId === 'slow')).toHaveLength(1);
    });

    it('while it waits: a decision does not move it, and counts when it is resumed', async () => {
      const id = await begun(line(ASK), 'waiting');
      const [approval] = await room.pending(anna, id);
      expect((await room.act(anna, id, 'pause')).body.status).toBe('paused');
      expect((await room.decide(anna, approval.id, { decision: 'deny' })).status).toBe(200);
      await sleep(1_500);
      expect((await room.read(`/runs/${id}`, anna)).status).toBe('paused');
      await room.act(anna, id, 'resume');
      await room.until(anna, id, 'succeeded');
      expect((await room.steps(anna, id))[0]).toMatchObject({ output: { approved: false } });
    });

    it('while it is queued, and begins when it is resumed', async () => {
      const user = await chatter.register();
      const holders = await Promise.all(
        [1, 2, 3].map(() => begun(line(says('slow', 'x y z', STALL)), 'running', user)),
      );
      const queued = await begun(line(DONE), 'queued', user);
      expect((await room.act(user, queued, 'pause')).body.status).toBe('paused');
      for (const id of holders) await room.act(user, id, 'cancel');
      await sleep(1_200);
      expect(await room.read(`/runs/${queued}`, user)).toMatchObject({ status: 'paused', attempt: 0 });
      await room.act(user, queued, 'resume');
      await room.until(user, queued, 'succeeded');
    });

    it('as a chat turn that waits behind another, without holding the conversation', async () => {
      const user = await chatter.register();
      const chat = (body: object) => chatter.call('POST', '/chat', { as: user, body });
      const { body } = await chat({ message: 'Say exactly: hi' });
      const conversationId = body.conversation.id as string;
      const holder = chat({ conversationId, message: `${STALL}Say exactly: a b c d` });
      const [held] = await eventually(async () => {
        const { items } = await room.read('/runs?status=running', user);
        return items.length === 1 && items;
      });
      const behind = chat({ conversationId, message: 'Say exactly: second', onBusy: 'enqueue' });
      const [queued] = await eventually(async () => {
        const { items } = await room.read('/runs?status=queued', user);
        return items.length === 1 && items;
      });
      expect(await room.act(user, queued.id, 'pause')).toMatchObject({ status: 200, body: { status: 'paused' } });
      expect((await room.read(`/conversations/${conversationId}`, user)).activeRun).toEqual({
        id: held.id,
        status: 'running',
      });
      await room.act(user, held.id, 'cancel');
      expect((await holder).status).toBe(409);
      await room.act(user, queued.id, 'resume');
      expect((await behind).body.message.content).toBe('second');
    });

    it.each(['pause', 'resume'])(
      'not when it has ended, nor as a child, nor resumed when it is not paused: %s',
      async (what) => {
        const { body } = await room.run(anna, {
          kind: 'composite',
          strategy: 'sequential',
          workflows: [{ id: 'a', definition: line(DONE) }],
        });
        const [child] = await children(body.run.id);
        for (const id of [body.run.id, child.id]) {
          const refused = await room.act(anna, id, what);
          expect([refused.status, refused.body.type]).toEqual([409, '/problems/run-not-pausable']);
        }
        const waiting = await begun(line(FAR), 'waiting');
        if (what === 'resume') expect((await room.act(anna, waiting, 'resume')).status).toBe(409);
        await room.act(anna, waiting, 'cancel');
      },
    );
  });

  describe('is kept within its limits', () => {
    const SLOW = line(says('slow', 'one two three four', STALL));
    const ended = async (definition: object, limits: object) => (await room.run(anna, definition, { limits })).body.run;

    it.each([
      ['runTimeoutMs', { runTimeoutMs: 4_000 }],
      ['nodeTimeoutMs', { nodeTimeoutMs: 4_000 }],
    ])('of time: %s, of the caller or the definition, whichever is lower', async (limit, limits) => {
      const runs = [ended(SLOW, limits), ended({ ...SLOW, limits }, { [limit]: 60_000 })];
      for (const run of await Promise.all(runs))
        expect(run).toMatchObject({
          status: 'timedOut',
          output: { text: 'one two' },
          problem: { type: '/problems/time-limit-reached', limit, value: 4_000 },
        });
    });

    it('of tokens, over all its model calls', async () => {
      const definition = line(says('a', 'x', '[[tokens=60]]'), says('b', 'x', '[[tokens=60]]'));
      expect(await ended(definition, { maxTokens: 100 })).toMatchObject({
        status: 'failed',
        problem: { type: '/problems/limit-exceeded', limit: 'maxTokens', value: 100 },
        output: { text: expect.any(String) },
      });
      expect((await ended(definition, { maxTokens: 1_000 })).status).toBe('succeeded');
    });

    it('of tokens, over all its children too', async () => {
      const child = (id: string) => ({ id, definition: line(says('a', 'x', '[[tokens=60]]')) });
      const composite = { kind: 'composite', strategy: 'sequential', workflows: [child('one'), child('two')] };
      expect(await ended(composite, { maxTokens: 100 })).toMatchObject({
        status: 'failed',
        problem: { limit: 'maxTokens' },
      });
    });

    it('of the definition of a child, which ends alone', async () => {
      const talk = line(says('a', 'x', '[[tokens=60]]'));
      const call = { id: 't', type: 'tool', config: { tool: 'calculator', arguments: { expression: '1+1' } } };
      const calls = line(call, { ...call, id: 'u' });
      const workflows = [
        { id: 'tokens', definition: { ...talk, limits: { maxTokens: 20 } } },
        { id: 'calls', definition: { ...calls, limits: { maxToolCalls: 1 } } },
        { id: 'free', definition: talk },
      ];
      const run = await ended({ kind: 'composite', strategy: 'parallel', workflows }, {});
      expect(run.status).toBe('succeeded');
      expect(run.output.results).toMatchObject([
        { status: 'failed', problem: { limit: 'maxTokens', value: 20 }, output: { text: expect.any(String) } },
        { status: 'failed', problem: { limit: 'maxToolCalls' } },
        { status: 'succeeded' },
      ]);
      const { frames } = await (
        await openStream(`${chatter.url}/api/v1/runs/${run.id}/events`, { headers: anna.headers })
      ).whole();
      const said = frames.flatMap(({ event }) => (event.type === 'token' ? [event.messageKey] : []));
      expect(new Set(said)).toEqual(new Set(['tokens/a-1', 'free/a-1']));
    });

    it.each([
      ['a run', line(ASK), { limits: { runTimeoutMs: 8_000 } }, 'runTimeoutMs'],
      [
        'a node',
        line({ id: 'call', type: 'workflow', timeoutMs: 8_000, config: { definition: line(ASK) } }),
        {},
        'nodeTimeoutMs',
      ],
      ['a far timer', line({ ...FAR, timeoutMs: 8_000 }), {}, 'nodeTimeoutMs'],
    ])('of its own by the clock on the wall, also while %s waits', async (_, definition, more, limit) => {
      const startedAt = Date.now();
      const id = await begun(definition, 'waiting', anna, more);
      const run = await room.until(anna, id, 'timedOut');
      expect(run.problem).toMatchObject({ type: '/problems/time-limit-reached', limit });
      expect(Date.now() - startedAt).toBeLessThan(24_000);
      expect((await room.read(`/approvals?runId=${id}&status=pending`, anna)).items).toEqual([]);
    });

    it('of a child by the clock on the wall, while the child waits for a person; the composite goes on', async () => {
      const composite = {
        kind: 'composite',
        strategy: 'sequential',
        workflows: [
          { id: 'ask', definition: line(ASK), timeoutMs: 8_000 },
          { id: 'after', definition: line(says('say', 'fine')) },
        ],
      };
      const run = await room.until(anna, await begun(composite, 'waiting'), 'succeeded');
      expect(run.output.results.map(({ status }: { status: string }) => status)).toEqual(['timedOut', 'succeeded']);
    });

    it('of runs at once: who waits for an answer is refused, what goes in the background gets its turn', async () => {
      const user = await chatter.register();
      const slow = line(says('slow', 'x y z', STALL));
      const holders = await Promise.all([1, 2, 3].map(() => begun(slow, 'running', user)));
      const refused = await room.run(user, line(DONE));
      expect([refused.status, refused.body.type]).toEqual([429, '/problems/too-many-runs']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      const stream = await openStream(`${chatter.url}/api/v1/runs`, {
        method: 'POST',
        headers: user.headers,
        body: { definition: line(DONE) },
      });
      await stream.ended;
      expect(stream.status).toBe(429);
      const queued: string[] = [];
      while (queued.length < 4) queued.push(await begun(slow, 'queued', user));
      await sleep(1_200);
      const running = async () => (await room.read('/runs?status=running', user)).items.length as number;
      expect([await running(), (await room.read('/runs?status=queued', user)).items.length]).toEqual([3, 4]);
      await room.act(user, holders[0]!, 'cancel');
      await room.until(user, queued[0]!, 'running');
      expect([await running(), (await room.read(`/runs/${queued[1]}`, user)).status]).toEqual([3, 'queued']);
      expect((await room.act(user, queued[3]!, 'cancel')).body).toMatchObject({ status: 'cancelled', attempt: 0 });
      for (const id of [...holders.slice(1), ...queued]) await room.act(user, id, 'cancel');
      expect((await room.run(user, line(DONE))).status).toBe(200);
    });

    it('of runs at once, of which those that wait are none', async () => {
      const user = await chatter.register();
      const waiting = await Promise.all([1, 2, 3].map(() => begun(line(ASK), 'waiting', user)));
      expect((await room.run(user, line(DONE))).status).toBe(200);
      for (const id of waiting) await room.act(user, id, 'cancel');
    });
  });

  describe('is run again', () => {
    const definition = graph([
      says('draft', 'one'),
      { id: 'edit', type: 'model', config: { prompt: 'Say exactly: {{draft}} {{input.word}}', output: 'edit' } },
      says('close', 'end'),
    ]);
    const input = { word: 'two' };
    const again = (id: string, body: object, headers?: Record<string, string>) =>
      room.act(anna, id, 'rerun', body, headers);
    let runId: string;
    beforeAll(async () => {
      const { body } = await room.run(anna, definition, { input, metadata: { a: 1 } });
      expect(body.run.output).toEqual({ draft: 'one', edit: 'one two', close: 'end' });
      runId = body.run.id as string;
    });
    /** The steps whose models were asked in a run. */
    const asked = async (id: string) => [
      ...new Set(
        (await room.events(anna, id)).filter(({ type }) => type === 'usage').map(({ path }) => path.join('/')),
      ),
    ];

    it('with a message that is too long is refused', async () => {
      const { status, body } = await again(runId, { input: { message: 'x'.repeat(10_001) } });
      expect([status, body.errors[0].pointer]).toEqual([422, '/input/message']);
    });

    it.each([
      ['from its beginning', {}, 'one two', ['draft', 'edit', 'close']],
      ['from a step, with what came before it', { fromStep: 'edit' }, 'one two', ['edit', 'close']],
      ['with another input', { input: { word: '2' } }, 'one 2', ['draft', 'edit', 'close']],
      ['from a step with another input', { fromStep: 'edit', input: { word: '2' } }, 'one 2', ['edit', 'close']],
      [
        'from a later step, whose past is kept as it was',
        { fromStep: 'close', input: { word: '2' } },
        'one two',
        ['close'],
      ],
    ])('%s', async (_, request, edit, models) => {
      const { status, headers, body } = await again(runId, request);
      expect([status, headers.get('location')]).toEqual([202, `/api/v1/runs/${body.run.id}`]);
      expect(body.run.id).not.toBe(runId);
      const run = await room.until(anna, body.run.id, 'succeeded');
      expect(run).toMatchObject({ kind: 'workflow', output: { draft: 'one', edit, close: 'end' } });
      expect(await asked(run.id)).toEqual(models);
      const steps = await room.steps(anna, run.id);
      expect(steps.map((step) => [step.id, step.status])).toEqual(
        ['draft', 'edit', 'close'].map((id) => [id, 'succeeded']),
      );
      const seqs = (await room.events(anna, run.id)).map(({ seq, runId: own }) => [seq, own]);
      expect(seqs).toEqual(seqs.map((__, index) => [index + 1, run.id]));
    });

    it('from each of its checkpoints', async () => {
      const { items, nextCursor } = await room.read(`/runs/${runId}/checkpoints`, anna);
      expect(nextCursor).toBeNull();
      expect(items.map(({ step }: { step?: string }) => step)).toEqual([undefined, 'draft', 'edit', 'close']);
      const left = [['draft', 'edit', 'close'], ['edit', 'close'], ['close'], []];
      for (const [index, { id }] of (items as { id: string }[]).entries()) {
        const { body } = await again(runId, { checkpointId: id });
        await room.until(anna, body.run.id, 'succeeded');
        expect([id, await asked(body.run.id)]).toEqual([id, left[index]]);
      }
    });

    it('from a run that was run again, and from one that failed', async () => {
      const failing = graph([
        says('draft', 'one'),
        { id: 'no', type: 'fail', config: { code: 'x', detail: '{{input.word}}' } },
      ]);
      const { body } = await room.run(anna, failing, { input });
      const first = (await again(body.run.id, { fromStep: 'no', input: { word: 'other' } })).body.run.id as string;
      expect((await room.until(anna, first, 'failed')).problem.detail).toBe('other');
      const second = (await again(first, { fromStep: 'no' })).body.run.id as string;
      expect((await room.until(anna, second, 'failed')).problem.detail).toBe('other');
      expect([await asked(first), await asked(second)]).toEqual([[], []]);
    });

    it('with the children that had ended, and the others anew', async () => {
      const child = (id: string, text: string) => ({ id, definition: line(says('say', text)) });
      const composite = {
        kind: 'composite',
        strategy: 'sequential',
        workflows: [child('one', 'a'), child('two', 'b')],
      };
      const { body } = await room.run(anna, composite);
      const { body: rerun } = await again(body.run.id, { fromStep: 'two/say' });
      const run = await room.until(anna, rerun.run.id, 'succeeded');
      expect(run.output.merged).toEqual({ one: { say: 'a' }, two: { say: 'b' } });
      expect(await asked(run.id)).toEqual(['two/say']);
      const [first] = await children(body.run.id);
      const refused = await again(first.id, {});
      expect([refused.status, refused.body.errors[0].detail]).toEqual([422, expect.stringContaining(body.run.id)]);
    });

    it('once for an Idempotency-Key, and goes on at once', async () => {
      const headers = { 'Idempotency-Key': `rerun-${Date.now()}` };
      const startedAt = Date.now();
      const first = await again(runId, { fromStep: 'edit' }, headers);
      const second = await again(runId, { fromStep: 'edit' }, headers);
      expect([first.status, second.status, second.body.run.id]).toEqual([202, 202, first.body.run.id]);
      await room.until(anna, first.body.run.id, 'succeeded');
      expect(Date.now() - startedAt).toBeLessThan(15_000);
      const other = await again(runId, { fromStep: 'close' }, headers);
      expect([other.status, other.body.type]).toEqual([422, '/problems/idempotency-key-reused']);
    });

    it('as the chat turn it was, with what was said before, and leaves no message', async () => {
      const chat = async (body: object) => (await chatter.call('POST', '/chat', { as: anna, body })).body;
      const { conversation } = await chat({ message: 'My name is Ada.' });
      const turn = await chat({ conversationId: conversation.id, message: 'What is my name?' });
      expect(turn.message.content).toContain('Ada');
      const { body } = await again(turn.run.id, {});
      const run = await room.until(anna, body.run.id, 'succeeded');
      expect([run.kind, run.output.text]).toEqual(['workflow', turn.message.content]);
      const { items } = await room.read(`/conversations/${conversation.id}/messages`, anna);
      expect(items).toHaveLength(4);
    });

    it.each<[string, object, string]>([
      ['a step that it never began', { fromStep: 'none' }, '/fromStep'],
      ['a checkpoint that is none', { checkpointId: '3' }, '/checkpointId'],
      ['a checkpoint that is no number', { checkpointId: 'x' }, '/checkpointId'],
      ['both', { fromStep: 'edit', checkpointId: '1' }, '/checkpointId'],
      ['anything else', { step: 'edit' }, '/step'],
    ])('not from %s', async (_, request, pointer) => {
      const { status, body } = await again(runId, request);
      expect([status, body.errors?.[0]?.pointer]).toEqual([422, pointer]);
    });
  });
});
