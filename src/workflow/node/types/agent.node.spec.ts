import { setTimeout as sleep } from 'node:timers/promises';
import {
  llmSaying,
  scriptedLlm,
  smallLlmSaying,
  type FakeLlm,
  type Saying,
} from '../../../../test/support/fake-llm.js';
import { executed, type Executed } from '../../../../test/support/node-context.js';
import { toolRoom } from '../../../../test/support/tool-room.js';
import { toolFailed } from '../../../tool/tool.errors.js';
import type { NodeEvent } from '../node-type.js';
import { AgentNode } from './agent.node.js';

const ECHO = ['test_echo', '{"text":"Hi"}'] as const;
const any = (input: string | number) => ['test_any', JSON.stringify({ input: String(input) })] as const;

async function agentOf(model: FakeLlm) {
  const room = await toolRoom();
  return { ...room, requests: model.requests, node: new AgentNode(model.llm, room.catalogue, room.gate) };
}

async function agentSaying(...sayings: readonly Saying[]) {
  return agentOf(llmSaying(...sayings));
}

const typed = <Type extends NodeEvent['type']>({ events }: Pick<Executed, 'events'>, type: Type) =>
  events.filter((event): event is Extract<NodeEvent, { type: Type }> => event.type === type);

const notes = (ran: Executed) => typed(ran, 'note').map(({ code }) => code);

/** What the model was told of the results before its last answer. */
const lastResults = ({ requests }: Pick<FakeLlm, 'requests'>) =>
  (requests.at(-1)?.messages ?? []).filter(({ role }) => role === 'tool').map(({ content }) => content);

const TOOLS = { config: { tools: '*' }, messages: 'Go on.' };

describe('the agent node', () => {
  it('answers at once when the model calls nothing', async () => {
    const { node, requests } = await agentSaying({ text: 'Done.' });
    const { result, events } = await executed(node, { ...TOOLS, path: ['helper'] });
    expect(result).toEqual({
      output: { text: 'Done.', toolCalls: 0 },
      variables: { text: 'Done.' },
      finishReason: 'stop',
    });
    expect(requests).toHaveLength(1);
    expect(events).toContainEqual({ type: 'token', content: 'D', messageKey: 'helper-1' });
  });

  it('calls what the model asks for, tells it the result and streams every answer', async () => {
    const agent = await agentSaying({ text: 'Let me see.', calls: [ECHO] }, { text: 'It says Hi.', finish: 'length' });
    const ran = await executed(agent.node, { ...TOOLS, path: ['outer', 'helper'] });
    expect(ran.result).toEqual({
      output: { text: 'It says Hi.', toolCalls: 1 },
      variables: { text: 'It says Hi.' },
      finishReason: 'length',
    });
    expect(agent.requests[1]?.messages).toEqual([
      { role: 'user', content: 'Go on.' },
      {
        role: 'assistant',
        content: 'Let me see.',
        toolCalls: [{ id: 'call_0', name: 'test_echo', arguments: '{"text":"Hi"}' }],
      },
      { role: 'tool', toolCallId: 'call_0', name: 'test_echo', content: '{"echo":"Hi"}' },
    ]);
    const callId = 'outer/helper:1.1';
    expect(typed(ran, 'tool_call')).toEqual([
      { type: 'tool_call', callId, tool: 'test_echo', arguments: { text: 'Hi' }, risk: 'low' },
    ]);
    expect(typed(ran, 'tool_result')).toMatchObject([{ callId, status: 'ok', result: { echo: 'Hi' } }]);
    expect(new Set(typed(ran, 'token').map(({ messageKey }) => messageKey))).toEqual(
      new Set(['outer/helper-1', 'outer/helper-2']),
    );
    expect(typed(ran, 'usage')).toHaveLength(2);
    expect(notes(ran)).toEqual([]);
  });

  it('asks within the context window: the past gives way, the calls of its own stay, and a note says so once', async () => {
    const words = 'Some words about this and that. '.repeat(30);
    const past = Array.from({ length: 9 }, () => ({ role: 'user', content: words }) as const);
    const sayings = [{ calls: [any(1)] }, { calls: [any(2)] }, { text: 'Done.' }];
    const agent = await agentOf(smallLlmSaying(1_500, ...sayings));
    agent.any.act = () => 'short';
    const messages = [...past, { role: 'user', content: 'Go on.' } as const];
    const ran = await executed(agent.node, { config: { tools: ['test_any'] }, messages });
    expect(notes(ran)).toEqual(['memory-trimmed']);
    const last = agent.requests[2]!.messages;
    expect(last.slice(last.findIndex(({ content }) => content === 'Go on.')).map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'assistant',
      'tool',
    ]);
    expect(last.length).toBeLessThan(14);
  });

  it('offers the tools it names, or all of them', async () => {
    const some = await agentSaying({ text: 'Done.' });
    await executed(some.node, { config: { tools: ['test_any'] }, messages: 'Go on.' });
    expect(some.requests[0]?.tools).toEqual([
      {
        name: 'test_any',
        description: 'Does whatever a test needs.',
        parameters: expect.objectContaining({ type: 'object' }),
      },
    ]);
    const all = await agentSaying({ text: 'Done.' });
    await executed(all.node, TOOLS);
    expect(all.requests[0]?.tools?.map(({ name }) => name)).toEqual(['test_echo', 'test_any']);
  });

  it('is a plain model without tools', async () => {
    const { node, requests } = await agentSaying({ text: 'Done.' });
    await executed(node, { config: { tools: [] }, messages: 'Go on.' });
    expect(requests[0]?.tools).toBeUndefined();
  });

  it('does not begin with tools that this server lacks', async () => {
    const { node, requests } = await agentSaying();
    const failed = executed(node, { config: { tools: ['test_echo', 'constructor', 'gone'] }, messages: 'Go on.' });
    await expect(failed).rejects.toMatchObject({
      type: { slug: 'requirements-unmet' },
      extensions: { missingTools: ['constructor', 'gone'] },
    });
    expect(requests).toEqual([]);
  });

  it('calls the tools of one answer at the same time, four at most, and keeps their order', async () => {
    const calls = Array.from({ length: 6 }, (_, n) => any(n));
    const agent = await agentSaying({ calls }, { text: 'Done.' });
    let running = 0;
    let most = 0;
    agent.any.act = async ({ input }) => {
      most = Math.max(most, ++running);
      await sleep(20 - 3 * Number(input));
      running--;
      return input;
    };
    const ran = await executed(agent.node, TOOLS);
    expect(most).toBe(4);
    expect(lastResults(agent)).toEqual(['0', '1', '2', '3', '4', '5']);
    expect(new Set(typed(ran, 'tool_call').map(({ callId }) => callId)).size).toBe(6);
  });

  it('tells the model what went wrong, and goes on', async () => {
    const agent = await agentSaying({ calls: [any(1)] }, { calls: [any(2)] }, { text: 'Done.' });
    agent.any.act = ({ input }) => {
      if (input === '1') throw toolFailed('The ticket is closed.');
      return 'opened';
    };
    const ran = await executed(agent.node, TOOLS);
    expect(lastResults(agent)).toEqual(['{"error":"The ticket is closed."}', 'opened']);
    expect(typed(ran, 'tool_result').map(({ status }) => status)).toEqual(['error', 'ok']);
    expect(ran.result).toMatchObject({ output: { text: 'Done.', toolCalls: 2 } });
  });

  it.each(['{"text":', '[]', '"text"', 'null', '{"text":{}', `{"text":${'['.repeat(100)}${']'.repeat(100)}}`])(
    'tells the model once that %s are no arguments',
    async (args) => {
      const agent = await agentSaying({ calls: [['test_echo', args]] }, { calls: [ECHO] }, { text: 'Done.' });
      const ran = await executed(agent.node, TOOLS);
      expect(lastResults(agent)).toEqual([expect.stringContaining('no JSON object'), '{"echo":"Hi"}']);
      expect(notes(ran)).toEqual(['tool-arguments-malformed']);
      expect(typed(ran, 'tool_call')).toHaveLength(1);
    },
  );

  it('lets the model answer without tools when its arguments are malformed again', async () => {
    const broken = { calls: [['test_echo', '{"text":']] } as const;
    const agent = await agentSaying(broken, broken, { text: 'I cannot.' });
    const ran = await executed(agent.node, TOOLS);
    expect(notes(ran)).toEqual(['tool-arguments-malformed', 'tool-arguments-malformed', 'loop-detected']);
    expect(agent.requests.map(({ tools }) => tools?.length)).toEqual([2, 2, undefined]);
  });

  it('takes no arguments at all for an empty object', async () => {
    const agent = await agentSaying({ calls: [['test_any', '']] }, { text: 'Done.' });
    const ran = await executed(agent.node, TOOLS);
    expect(typed(ran, 'tool_call')).toMatchObject([{ arguments: {} }]);
  });

  it.each(['gone', 'constructor', '__proto__', 'test_any'])(
    'tells the model that %s is no tool it has',
    async (name) => {
      const agent = await agentSaying({ calls: [[name, '{}']] }, { text: 'Done.' });
      const ran = await executed(agent.node, { config: { tools: ['test_echo'] }, messages: 'Go on.' });
      expect(lastResults(agent)).toEqual([expect.stringContaining('The tools are: test_echo.')]);
      expect(notes(ran)).toEqual(['tool-unknown']);
      expect(typed(ran, 'tool_call')).toEqual([]);
    },
  );

  it('makes as many calls as it may, then answers without tools', async () => {
    const agent = await agentSaying({ calls: [any(1), any(2)] }, { calls: [any(3), any(4)] }, { text: 'Enough.' });
    const ran = await executed(agent.node, { config: { tools: '*', maxToolCalls: 3 }, messages: 'Go on.' });
    expect(typed(ran, 'tool_call')).toHaveLength(3);
    expect(lastResults(agent)).toEqual(['null', 'null', 'null', expect.stringContaining('Not called')]);
    expect(agent.requests.map(({ tools }) => tools?.length)).toEqual([2, 2, undefined]);
    expect(notes(ran)).toEqual(['limit-reached']);
    expect(ran.result).toMatchObject({ output: { text: 'Enough.', toolCalls: 3 }, finishReason: 'stop' });
  });

  it('answers without tools when the run has had as many calls as it may', async () => {
    const agent = await agentSaying({ calls: [any(1)] }, { calls: [any(2), any(3)] }, { text: 'Enough.' });
    let left = 2;
    const ran = await executed(agent.node, { ...TOOLS, takeToolCall: () => left-- > 0 });
    expect(typed(ran, 'tool_call')).toHaveLength(2);
    expect(notes(ran)).toEqual(['limit-reached']);
    expect(typed(ran, 'note')[0]?.detail).toContain('The run');
    expect(agent.requests.at(-1)?.tools).toBeUndefined();
  });

  it('ends a loop of the same call after the third', async () => {
    const agent = await agentSaying({ calls: [ECHO] }, { calls: [ECHO] }, { calls: [ECHO] }, { text: 'Enough.' });
    const ran = await executed(agent.node, TOOLS);
    expect(agent.echo.calls).toHaveLength(3);
    expect(notes(ran)).toEqual(['loop-detected']);
    expect(agent.requests.at(-1)?.tools).toBeUndefined();
    expect(ran.result).toMatchObject({ output: { text: 'Enough.' } });
  });

  it('ends after two errors of one tool', async () => {
    const agent = await agentSaying({ calls: [any(1)] }, { calls: [any(2)] }, { text: 'I cannot.' });
    agent.any.act = () => {
      throw toolFailed('No.');
    };
    expect(notes(await executed(agent.node, TOOLS))).toEqual(['loop-detected']);
  });

  it('reads its last answer by a schema', async () => {
    const agent = await agentSaying({ calls: [ECHO] }, { text: '{"n":1}' });
    const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
    const ran = await executed(agent.node, { config: { tools: '*', schema, output: 'count' }, messages: 'Go on.' });
    expect(ran.result).toMatchObject({ output: { json: { n: 1 } }, variables: { count: { n: 1 } } });
  });

  it('stops with the run in the middle of a call, and says nothing more', async () => {
    const agent = await agentSaying({ calls: [any(1), any(2)] });
    const controller = new AbortController();
    const release = Promise.withResolvers<void>();
    agent.any.act = async () => {
      controller.abort(new Error('cancelled'));
      await release.promise;
    };
    const events: NodeEvent[] = [];
    const ran = executed(agent.node, { ...TOOLS, signal: controller.signal, emit: (event) => events.push(event) });
    await expect(ran).rejects.toThrow('cancelled');
    release.resolve();
    await sleep(5);
    expect(events.filter(({ type }) => type === 'tool_result')).toEqual([]);
  });
});

describe('the agent node with the scripted model', () => {
  it('calls a tool that the message names and answers with what it says', async () => {
    const { node } = await agentOf(scriptedLlm());
    const ran = await executed(node, { ...TOOLS, messages: 'Use test_echo with {"text":"forty-two"}' });
    expect(ran.result).toMatchObject({ output: { text: expect.stringContaining('forty-two'), toolCalls: 1 } });
    expect(ran.result.finishReason).toBe('stop');
  });

  it('gets out of a loop of equal calls', async () => {
    const { node, echo } = await agentOf(scriptedLlm());
    const ran = await executed(node, { ...TOOLS, messages: '[[loop]] Use test_echo' });
    expect(echo.calls).toHaveLength(3);
    expect(notes(ran)).toEqual(['loop-detected']);
    expect(ran.result.finishReason).toBe('stop');
  });

  it('gets out of a loop of calls that differ', async () => {
    const { node, echo } = await agentOf(scriptedLlm());
    const ran = await executed(node, { ...TOOLS, messages: '[[loop=vary]] Use test_echo' });
    expect(echo.calls).toHaveLength(10);
    expect(notes(ran)).toEqual(['limit-reached']);
  });
});
