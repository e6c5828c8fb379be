import { McpServerConfig } from './mcp-server.config.js';
import { RunningCalls, type CallKey } from './running-calls.js';

const calls = () => new RunningCalls(new McpServerConfig({ MCP_CALLS_PER_USER: '2' }));
const key: CallKey = { userId: 'u', workspaceId: 'w', sessionId: 's', requestId: 1 };

describe('running calls', () => {
  it('are so many a user at once', () => {
    const running = calls();
    expect([running.enter('a'), running.enter('a'), running.enter('a'), running.enter('b')]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    running.leave('a');
    expect([running.enter('a'), running.enter('a')]).toEqual([true, false]);
  });

  it.each<Partial<CallKey>>([
    { userId: 'v' },
    { workspaceId: 'x' },
    { sessionId: 't' },
    { requestId: 2 },
    { requestId: '1' },
  ])('are cancelled by their own key and no other: %j', (other) => {
    const running = calls();
    const controller = new AbortController();
    running.register(key, controller);
    running.cancel({ ...key, ...other });
    expect(controller.signal.aborted).toBe(false);
    running.cancel(key);
    expect(controller.signal.aborted).toBe(true);
  });

  it('are forgotten once released, and only they', () => {
    const running = calls();
    const [first, second] = [new AbortController(), new AbortController()];
    const release = running.register(key, first);
    running.register(key, second);
    release();
    running.cancel(key);
    expect([first.signal.aborted, second.signal.aborted]).toEqual([false, true]);
  });
});
