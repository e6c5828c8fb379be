import { newId } from '../../src/platform/clock/id.js';
import { ClaimLost } from '../../src/tool/ledger/tool-call.js';
import { ToolCatalogue } from '../../src/tool/tool-catalogue.js';
import type { ToolContext } from '../../src/tool/tool.js';
import type { OfferedTool } from '../../src/tool/tool-source.js';
import { HandedOver } from '../../src/workflow/run/active-run.js';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { eventually } from '../support/eventually.js';
import { storyOf, type Story } from '../support/stories.js';
import { granted } from '../support/granted.js';

type Json = ReturnType<typeof JSON.parse>;

const INPUT = {
  type: 'object',
  properties: { word: { type: 'string' } },
  required: ['word'],
  additionalProperties: false,
};
const says = (text: string) => ({
  kind: 'graph',
  input: INPUT,
  nodes: [{ id: 'say', type: 'set', config: { values: { text } } }],
  edges: [],
  output: { text: '{{text}}' },
});
const one = (type: string, config: object) => ({ kind: 'graph', nodes: [{ id: 'it', type, config }], edges: [] });

describe('a workflow as a tool', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let story: Story;

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0' });
    anna = await chatter.register();
    story = storyOf(chatter, anna);
    await granted(chatter, anna, { pattern: 'workflow__*' });
  });
  afterAll(() => chatter.close());

  const tools = () => chatter.app.get(ToolCatalogue);
  const find = (name: string, as = anna) => tools().find(as.user.personalWorkspaceId, name);
  const call = async (tool: OfferedTool | undefined, args: object, parts: Partial<ToolContext> = {}): Promise<Json> => {
    const context = { workspaceId: anna.user.personalWorkspaceId, userId: anna.user.id, callId: 'c' };
    const signal = new AbortController().signal;
    return tool!.call(await tool!.parse(args), { ...context, idempotencyKey: newId(), signal, ...parts });
  };
  const runs = async (workflowId: string): Promise<readonly Json[]> =>
    (await story.call('GET', `/runs?workflowId=${workflowId}`)).body.items;
  const idOf = (path: string): string => path.split('/').at(-1)!;

  it('takes the input of its workflow, runs it and answers with its output', async () => {
    const id = idOf(await story.publish('shout', says('{{input.word}}!')));
    const tool = await find('workflow__shout');
    expect(tool).toMatchObject({ title: 'shout', parameters: INPUT, source: { kind: 'workflow', id, name: 'shout' } });
    expect(await call(tool, { word: 'Tea' })).toEqual({ text: 'Tea!' });
    expect(await runs(id)).toMatchObject([{ status: 'succeeded', kind: 'workflow', input: { word: 'Tea' } }]);
    await expect(call(tool, { word: 1, more: 2 })).rejects.toMatchObject({
      type: { slug: 'tool-arguments-invalid' },
      extensions: { errors: [{ pointer: '' }, { pointer: '/word' }] },
    });
    expect(await find('workflow__shout', await chatter.register())).toBeUndefined();
  });

  it('follows what is published at once', async () => {
    const { id } = (await story.call('POST', '/workflows', { name: 'News (daily)', definition: says('one') })).body;
    const name = `workflow__News_daily__${id.slice(-12)}`;
    const offered = async () => (await tools().all(anna.user.personalWorkspaceId)).map((tool) => tool.name);
    expect([await find(name), await offered()]).toEqual([undefined, expect.not.arrayContaining([name])]);
    await story.call('POST', `/workflows/${id}/publish`);
    expect(await offered()).toContain(name);
    expect(await call(await find(name), { word: '' })).toEqual({ text: 'one' });

    await story.call('PUT', `/workflows/${id}/draft`, { definition: says('two') });
    expect(await call(await find(name), { word: '' })).toEqual({ text: 'one' });
    await story.call('POST', `/workflows/${id}/publish`);
    expect(await call(await find(name), { word: '' })).toEqual({ text: 'two' });
    await story.call('POST', `/workflows/${id}/rollback`, { version: 1 });
    expect(await call(await find(name), { word: '' })).toEqual({ text: 'one' });

    await story.call('DELETE', `/workflows/${id}`);
    expect([await find(name), await offered()]).toEqual([undefined, expect.not.arrayContaining([name])]);
  });

  it('has one run however often its call is repeated', async () => {
    const id = idOf(await story.publish('once', says('{{input.word}}')));
    const idempotencyKey = newId();
    const tool = await find('workflow__once');
    expect(await call(tool, { word: 'a' }, { idempotencyKey })).toEqual({ text: 'a' });
    expect(await call(tool, { word: 'a' }, { idempotencyKey })).toEqual({ text: 'a' });
    expect(await runs(id)).toHaveLength(1);
  });

  it('fails with what its run ended with', async () => {
    await story.publish('broken', one('fail', { code: 'no-stock', detail: 'Nothing is left.' }));
    await expect(call(await find('workflow__broken'), {})).rejects.toMatchObject({
      type: { slug: 'workflow-call-failed' },
      detail: expect.stringContaining('Nothing is left.'),
      extensions: { runId: expect.any(String), problem: { detail: 'Nothing is left.' } },
    });
  });

  it('does not wait for people', async () => {
    const id = idOf(await story.publish('asks', one('approval', { title: 'Really?' })));
    await expect(call(await find('workflow__asks'), {})).rejects.toMatchObject({
      type: { slug: 'workflow-call-waits' },
    });
    expect(await runs(id)).toMatchObject([{ status: 'cancelled' }]);
  });

  it('is cancelled with its call', async () => {
    const id = idOf(await story.publish('slow', one('delay', { ms: 600_000 })));
    const controller = new AbortController();
    const called = call(await find('workflow__slow'), {}, { signal: controller.signal }).catch(
      (error: unknown) => error,
    );
    await eventually(async () => (await runs(id)).length === 1);
    controller.abort(new Error('enough'));
    await called;
    await eventually(async () => (await runs(id))[0].status === 'cancelled');
  });

  it('goes on when its call is only let go, and is found by the call that is repeated', async () => {
    const id = idOf(await story.publish('patient', one('delay', { ms: 600_000 })));
    const tool = await find('workflow__patient');
    const idempotencyKey = newId();
    const away = Object.assign(new Error('terminating connection'), { code: '57P01' });
    for (const reason of [new HandedOver('It holds it.'), new ClaimLost({ runId: newId(), fence: 1 }), away]) {
      const controller = new AbortController();
      const called = call(tool, {}, { signal: controller.signal, idempotencyKey }).catch((error: unknown) => error);
      await eventually(async () => (await runs(id)).length === 1);
      controller.abort(reason);
      expect(await called).toBe(reason);
      expect(await runs(id)).toMatchObject([{ status: expect.stringMatching(/^(?:running|waiting)$/) }]);
    }
    await story.call('POST', `/runs/${(await runs(id))[0].id}/cancel`);
  });

  it('that calls itself ends with a problem, and no more than five runs', async () => {
    const path = await story.publish('mirror', says('x'));
    const definition = {
      kind: 'graph',
      nodes: [{ id: 'it', type: 'agent', config: { prompt: 'Use workflow__mirror {}', tools: ['workflow__mirror'] } }],
      edges: [],
      output: { text: '{{text}}' },
    };
    expect((await story.call('PUT', `${path}/draft`, { definition })).status).toBe(200);
    expect((await story.call('POST', `${path}/publish`)).status).toBe(201);
    const { text } = await call(await find('workflow__mirror'), {});
    expect(text).toContain('workflow__mirror');
    const all = await runs(idOf(path));
    expect(all).toHaveLength(5);
    expect(all.every(({ status }) => status === 'succeeded')).toBe(true);
    const deepest = await story.log(all[0].id);
    expect(deepest.find(({ type }) => type === 'tool_result')).toMatchObject({
      problem: { type: '/problems/workflow-call-too-deep' },
    });
  });
});
