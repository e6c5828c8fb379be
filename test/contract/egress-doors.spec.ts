import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { addressFault } from '../../src/security/egress/address-policy.js';
import { canary, type Canary } from '../support/canary.js';
import { FakeNetwork } from '../support/egress.js';
import { CHECKS, guardOver, SENDERS } from '../support/egress-doors.js';
import { HOSTILE_NAMES, refusedUrls } from '../support/refused-urls.js';

const REDIRECTS = [301, 302, 303, 307, 308];
/** Of what a redirect to it may be answered with. */
const LOOPBACK = (port: number): readonly string[] => [
  `http://127.0.0.1:${port}/`,
  `http://0x7f.1:${port}/`,
  `http://2130706433:${port}/`,
  `http://[::1]:${port}/`,
  `http://[::ffff:7f00:1]:${port}/`,
  `http://localhost:${port}/`,
  `//127.0.0.1:${port}/`,
];

describe.each([...Object.entries(SENDERS), ...Object.entries(CHECKS)])('an address that %s is given', (name, door) => {
  let bird: Canary;
  beforeEach(async () => {
    bird = await canary();
  });
  afterEach(() => bird.stop());

  it('is refused in every form that is not public, and nothing is connected to', async () => {
    const urls = refusedUrls(bird.port);
    expect(urls.length).toBeGreaterThanOrEqual(130);
    const passed: string[] = [];
    for (const url of urls) {
      const network = new FakeNetwork(HOSTILE_NAMES);
      const isRefused = await door(guardOver(network), url).then(
        () => false,
        () => true,
      );
      // A library may make another, public address of one with a user in it.
      if (!isRefused || network.asked.flat().some(addressFault)) passed.push(url);
    }
    expect(passed).toEqual([]);
    expect(bird.connections).toBe(0);
  });

  it('is gone to, or let pass, when the operator allows it: the canary is a witness', async () => {
    const guard = guardOver(new FakeNetwork({}), { EGRESS_ALLOW: `127.0.0.1:${bird.port}` });
    await door(guard, `http://127.0.0.1:${bird.port}/`).catch(() => undefined);
    if (Object.hasOwn(SENDERS, name)) expect(bird.connections).toBeGreaterThan(0);
    else await expect(door(guard, `http://127.0.0.1:${bird.port}/`)).resolves.toBeUndefined();
  });
});

describe.each(Object.entries(SENDERS))('an address that %s goes to', (_, send) => {
  let bird: Canary;
  let server: Server;
  let port: number;
  let answer: { readonly status: number; readonly location: string };
  let asked: number;

  beforeAll(async () => {
    bird = await canary();
    server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(answer.status, { Location: answer.location, Connection: 'close' }).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  afterAll(async () => {
    await bird.stop();
    server.close();
    await once(server, 'close');
  });

  it('is not left for a loopback address, by a redirect of any status', async () => {
    const followed: string[] = [];
    for (const status of REDIRECTS)
      for (const location of LOOPBACK(bird.port)) {
        answer = { status, location };
        asked = 0;
        const network = new FakeNetwork({ ...HOSTILE_NAMES, 'good.example': ['127.0.0.1'] });
        const guard = guardOver(network, { EGRESS_ALLOW: `127.0.0.1:${port}` });
        const before = bird.connections;
        await send(guard, `http://good.example:${port}/`).catch(() => undefined);
        if (asked === 0 || bird.connections > before) followed.push(`${status} ${location}`);
      }
    expect(followed).toEqual([]);
    expect(bird.connections).toBe(0);
  });

  it('is judged anew for the connection: a name that was public when it was checked gains nothing', async () => {
    const network = new FakeNetwork({ 'rebinding.example': [['198.41.0.4'], ['127.0.0.1']] });
    const guard = guardOver(network);
    const url = `http://rebinding.example:${bird.port}/`;
    await guard.client.check(url);
    await expect(send(guard, url)).rejects.toThrow();
    expect(network.asked).toEqual([]);
    expect(bird.connections).toBe(0);
  });
});
