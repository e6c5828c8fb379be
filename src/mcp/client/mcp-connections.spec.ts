import { setImmediate as turn } from 'node:timers/promises';
import { Clock } from '../../platform/clock/clock.js';
import { McpConnections } from './mcp-connections.js';
import type { McpConnector, McpSession } from './mcp-connector.js';
import type { McpServer } from './mcp-server.js';

const NEVER = new AbortController().signal;
const SERVER = { id: 's', name: 'tickets', revision: 1 } as McpServer;

function room() {
  const closed: number[] = [];
  let opened = 0;
  const open = async (): Promise<McpSession> => {
    const number = ++opened;
    return { client: number as never, protocolVersion: 'p', close: async () => void closed.push(number) };
  };
  const connections = new McpConnections({ open } as unknown as McpConnector, new Clock());
  /** Which session a call is made over, and its end. */
  const begin = async (server = SERVER) => {
    const { promise: session, resolve } = Promise.withResolvers<unknown>();
    const end = Promise.withResolvers<void>();
    const ended = connections.use(server, NEVER, async ({ client }) => {
      resolve(client);
      await end.promise;
    });
    return {
      session: await session,
      end: async () => {
        end.resolve();
        await ended;
        await turn();
      },
    };
  };
  return { connections, closed, begin };
}

describe('the connections to servers', () => {
  it('lets calls under way end when a server is to be reached anew, and closes behind the last of them', async () => {
    const { connections, closed, begin } = room();
    const [first, second] = [await begin(), await begin()];
    connections.release(SERVER.id);
    const anew = await begin();
    expect([first.session, second.session, anew.session]).toEqual([1, 1, 2]);
    await first.end();
    expect(closed).toEqual([]);
    await second.end();
    expect(closed).toEqual([1]);
    await anew.end();
    expect(closed).toEqual([1]);
  });

  it('lets them end when the server was changed', async () => {
    const { closed, begin } = room();
    const before = await begin();
    const after = await begin({ ...SERVER, revision: 2 });
    expect([before.session, after.session, closed]).toEqual([1, 2, []]);
    await before.end();
    expect(closed).toEqual([1]);
  });

  it('closes at once what nobody uses', async () => {
    const { connections, closed, begin } = room();
    await (await begin()).end();
    await connections.cut(SERVER.id);
    expect(closed).toEqual([1]);
  });

  it('cuts every call to a server that is gone, also over a connection that was to end by itself, and no other', async () => {
    const { connections, closed, begin } = room();
    await begin();
    connections.release(SERVER.id);
    await begin();
    await begin({ ...SERVER, id: 'other' });
    await connections.cut(SERVER.id);
    expect(closed).toEqual([1, 2]);
  });

  it('closes all when the process ends', async () => {
    const { connections, closed, begin } = room();
    await begin();
    connections.release(SERVER.id);
    await begin();
    await begin({ ...SERVER, id: 'other' });
    await connections.onApplicationShutdown();
    expect(closed).toEqual([1, 2, 3]);
  });
});
