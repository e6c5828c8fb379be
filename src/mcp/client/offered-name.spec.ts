import fc from 'fast-check';
import { TOOL_NAME } from '../../tool/tool-name.js';
import { offeredName } from './offered-name.js';
import { SERVER_NAME } from './server-name.js';

const toolName = fc.string({ unit: fc.constantFrom(...'abAB09_-./: '), minLength: 1, maxLength: 128 });
const serverName = fc
  .string({ unit: fc.constantFrom(...'abz09-'), minLength: 1, maxLength: 32 })
  .filter((name) => SERVER_NAME.test(name));

describe('the name a tool of a server has here', () => {
  it('is the names of both', () => {
    expect(offeredName('tickets', 'create_ticket')).toBe('tickets__create_ticket');
  });

  it('is always one that a tool can have, and always the same', () => {
    fc.assert(
      fc.property(serverName, toolName, (server, tool) => {
        expect(offeredName(server, tool)).toMatch(TOOL_NAME);
        expect(offeredName(server, tool)).toBe(offeredName(server, tool));
      }),
    );
  });

  it('tells tools of one server apart, also those whose names must be changed', () => {
    fc.assert(
      fc.property(serverName, toolName, toolName, (server, one, other) => {
        fc.pre(one !== other);
        expect(offeredName(server, one)).not.toBe(offeredName(server, other));
      }),
    );
    const long = 'a'.repeat(100);
    expect(offeredName('s', `${long}1`)).not.toBe(offeredName('s', `${long}2`));
    expect(offeredName('s', 'a.b')).not.toBe(offeredName('s', 'a/b'));
  });

  it('tells tools of two servers apart', () => {
    fc.assert(
      fc.property(serverName, serverName, toolName, toolName, (one, other, a, b) => {
        fc.pre(one !== other);
        expect(offeredName(one, a)).not.toBe(offeredName(other, b));
      }),
    );
  });
});

describe('the name of a server', () => {
  it.each(['tickets', 'a', 'my-server-2', 'workflows', 'a'.repeat(32)])('may be %j', (name) => {
    expect(name).toMatch(SERVER_NAME);
  });

  it.each(['', 'Tickets', '1a', '-a', 'a_b', 'a b', 'workflow', 'ä', 'a'.repeat(33), 'a\n'])(
    'may not be %j',
    (name) => {
      expect(name).not.toMatch(SERVER_NAME);
    },
  );
});
