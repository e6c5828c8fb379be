import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { FloodError, withFloodGuard } from './flood-guard.js';

const MESSAGE: JSONRPCMessage = {
  jsonrpc: '2.0',
  method: 'notifications/message',
  params: { level: 'info', data: 'x' },
};

function guarded() {
  const clock = { now: 0 };
  const errors: unknown[] = [];
  let closed = 0;
  const bare: Transport = {
    start: async () => undefined,
    send: async () => undefined,
    close: async () => void closed++,
    onerror: (error) => errors.push(error),
  };
  const transport = withFloodGuard(bare, () => clock.now, { messages: 3, windowMs: 1_000 });
  let delivered = 0;
  Object.assign(transport, { onmessage: () => void delivered++ });
  const send = (times: number) => {
    for (let sent = 0; sent < times; sent++) transport.onmessage?.(MESSAGE);
  };
  return { transport, clock, errors, send, delivered: () => delivered, closed: () => closed };
}

describe('the guard against floods', () => {
  it('delivers messages that come slowly enough, for ever', () => {
    const { clock, send, delivered, closed } = guarded();
    for (let window = 0; window < 100; window++) {
      send(3);
      clock.now += 1_000;
    }
    expect([delivered(), closed()]).toEqual([300, 0]);
  });

  it('closes the transport once when they do not, and delivers none of the rest', () => {
    const { send, delivered, closed, errors } = guarded();
    send(1_000);
    expect([delivered(), closed()]).toEqual([3, 1]);
    expect(errors).toEqual([expect.any(FloodError)]);
  });

  it('counts a message once, also after its listener was put back', () => {
    const { transport, send, delivered } = guarded();
    const { onmessage } = transport;
    Object.assign(transport, { onmessage: undefined });
    Object.assign(transport, { onmessage });
    send(3);
    expect(delivered()).toBe(3);
  });
});
