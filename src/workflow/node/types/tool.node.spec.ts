import { executed } from '../../../../test/support/node-context.js';
import { toolRoom } from '../../../../test/support/tool-room.js';
import type { ToolGate } from '../../../tool/tool-gate.js';
import { toolFailed } from '../../../tool/tool.errors.js';
import type { NodeEvent } from '../node-type.js';
import { inParallel } from '../in-parallel.js';
import { ToolNode } from './tool.node.js';

const nodeOf = async () => {
  const room = await toolRoom();
  return { ...room, node: new ToolNode(room.catalogue, room.gate) };
};

describe('the tool node', () => {
  it('calls the tool and gives its result', async () => {
    const { node, echo } = await nodeOf();
    const { result, events } = await executed(node, {
      path: ['outer', '0', 'lookup'],
      run: { id: 'r', workspaceId: 'w', userId: 'u', conversationId: 'c' },
      config: { tool: 'test_echo', arguments: { text: '{{input.text}}' } },
      scope: { input: { text: 'Hi' } },
    });
    expect(result).toEqual({ output: { echo: 'Hi' }, variables: { result: { echo: 'Hi' } } });
    expect(echo.calls).toMatchObject([
      {
        args: { text: 'Hi' },
        context: { workspaceId: 'w', userId: 'u', conversationId: 'c', runId: 'r', callId: 'outer/0/lookup:1' },
      },
    ]);
    expect(events).toEqual([
      { type: 'tool_call', callId: 'outer/0/lookup:1', tool: 'test_echo', arguments: { text: 'Hi' }, risk: 'low' },
      {
        type: 'tool_result',
        callId: 'outer/0/lookup:1',
        status: 'ok',
        result: { echo: 'Hi' },
        durationMs: expect.any(Number),
      },
    ]);
  });

  it('names its variable', async () => {
    const { node } = await nodeOf();
    const { result } = await executed(node, { config: { tool: 'test_any', output: 'found' } });
    expect(result.variables).toEqual({ found: null });
  });

  it('throws the problem of a tool that fails, after it told of it', async () => {
    const { node, any } = await nodeOf();
    any.act = () => {
      throw toolFailed('The ticket is closed.');
    };
    const events: NodeEvent[] = [];
    const failed = executed(node, { config: { tool: 'test_any' }, emit: (event) => events.push(event) });
    await expect(failed).rejects.toMatchObject({ type: { slug: 'tool-failed' }, detail: 'The ticket is closed.' });
    expect(events).toMatchObject([
      { type: 'tool_call' },
      { type: 'tool_result', status: 'error', problem: { detail: 'The ticket is closed.', status: 502 } },
    ]);
  });

  it('throws what is wrong with the arguments', async () => {
    const { node } = await nodeOf();
    const failed = executed(node, { config: { tool: 'test_echo', arguments: { txt: 'Hi' } } });
    await expect(failed).rejects.toMatchObject({ type: { slug: 'tool-arguments-invalid' } });
  });

  it.each(['missing', 'constructor'])('fails for the unknown tool %s without counting a call', async (tool) => {
    const { node } = await nodeOf();
    let taken = 0;
    const failed = executed(node, { config: { tool }, takeToolCall: () => ++taken > 0 });
    await expect(failed).rejects.toMatchObject({
      type: { slug: 'tool-unknown' },
      detail: expect.stringContaining(`"${tool}"`),
    });
    expect(taken).toBe(0);
  });

  it('fails when the run has had as many calls as it may', async () => {
    const { node, echo } = await nodeOf();
    const failed = executed(node, {
      config: { tool: 'test_echo', arguments: { text: 'Hi' } },
      takeToolCall: () => false,
    });
    await expect(failed).rejects.toMatchObject({
      type: { slug: 'limit-exceeded' },
      extensions: { limit: 'maxToolCalls' },
    });
    expect(echo.calls).toEqual([]);
  });

  it('lets the door ask a person about the call', async () => {
    const { catalogue } = await nodeOf();
    const gated: Pick<ToolGate, 'invoke'> = {
      invoke: async ({ askPerson, tool }) => {
        const question = {
          key: 'node:1',
          title: 'Really?',
          tool,
          arguments: {},
          argumentsHash: 'h',
          risk: 'high',
          expiresInMs: 1,
          onExpire: 'deny',
        } as const;
        return { status: 'ok', result: await askPerson?.(question), durationMs: 0 };
      },
    };
    const asked: unknown[] = [];
    const { result } = await executed(new ToolNode(catalogue, gated as ToolGate), {
      config: { tool: 'test_any' },
      waits: {
        until: () => Promise.reject(new Error('No timer.')),
        forEach: inParallel,
        approval: async (key, request) => {
          asked.push([key, request]);
          return { approvalId: 'a', approved: true, expired: false };
        },
      },
    });
    expect(asked).toMatchObject([['node:1', { kind: 'tool', callId: 'node:1', tool: 'test_any', title: 'Really?' }]]);
    expect(result.output).toMatchObject({ approved: true });
  });
});
