import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { EgressClient } from '../../src/security/egress/egress-client.js';
import { EgressConfig } from '../../src/security/egress/egress.config.js';
import { EgressFetch } from '../../src/security/egress/egress-fetch.js';
import { EgressConnector } from '../../src/security/egress/egress-connector.js';
import { EgressNetwork } from '../../src/security/egress/egress-network.js';

const LOOPBACK = new Set(['127.0.0.1', '::1']);

/**
 * A network whose names a test decides. Connects to loopback addresses in earnest, so that a canary there tells what
 * the check let through, and to nothing else.
 */
export class FakeNetwork extends EgressNetwork {
  /** The addresses of every connection that was asked for. */
  readonly asked: (readonly string[])[] = [];

  /** @param names answers by name; of several lists each serves one question, the last one all further ones */
  constructor(private readonly names: Readonly<Record<string, readonly string[] | (readonly string[])[]>> = {}) {
    super();
  }

  override async resolve(hostname: string): Promise<readonly string[]> {
    const answer = Object.hasOwn(this.names, hostname) ? this.names[hostname] : undefined;
    if (!answer) throw Object.assign(new Error(`No name ${hostname}.`), { code: 'ENOTFOUND' });
    if (!isSeries(answer)) return answer;
    return (answer.length > 1 ? answer.shift() : answer[0]) ?? [];
  }

  override async connect(
    options: buildConnector.Options,
    addresses: readonly string[],
    signal: AbortSignal,
  ): Promise<Socket> {
    this.asked.push(addresses);
    if (!addresses.every((address) => LOOPBACK.has(address)))
      throw Object.assign(new Error('A test connects to loopback addresses only.'), { code: 'ECONNREFUSED' });
    return super.connect(options, addresses, signal);
  }
}

const isSeries = (answer: readonly string[] | (readonly string[])[]): answer is (readonly string[])[] =>
  Array.isArray(answer[0]);

export const egressClient = (
  network: EgressNetwork,
  environment: Readonly<Record<string, string>> = {},
): EgressClient => new EgressClient(new EgressConnector(new EgressConfig(environment), network));

export const egressFetch = (network: EgressNetwork, environment: Readonly<Record<string, string>> = {}): EgressFetch =>
  new EgressFetch(new EgressConnector(new EgressConfig(environment), network));
