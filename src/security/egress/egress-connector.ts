import { Injectable } from '@nestjs/common';
import { isIP, type Socket } from 'node:net';
import type { buildConnector } from 'undici';
import type { Problem } from '../../platform/problem/problem.js';
import { EgressConfig } from './egress.config.js';
import { egressRefused } from './egress.errors.js';
import { EgressNetwork } from './egress-network.js';
import { refusal } from './egress-rules.js';
import { targetOf, type Target } from './url-policy.js';

/**
 * The only way out: every connection is made to an address that was checked, by the answer of the resolver that was
 * checked. A name that resolves otherwise a moment later gains nothing.
 */
@Injectable()
export class EgressConnector {
  constructor(
    private readonly config: EgressConfig,
    private readonly network: EgressNetwork,
  ) {}

  /** The target of a URL. @throws Problem `egress-refused` when it could be none, whatever it resolves to */
  target(url: string): Target {
    const target = targetOf(url);
    if ('fault' in target) throw egressRefused(`The URL ${quoted(url)} ${target.fault}.`);
    const { hostname } = target;
    if (isIP(hostname) !== 0) this.admit(target, [hostname]);
    return target;
  }

  /** @throws Problem `egress-refused` when an address of the target is not allowed; the resolver's error */
  async addresses(target: Pick<Target, 'hostname' | 'port'>, signal: AbortSignal): Promise<readonly string[]> {
    const { hostname } = target;
    const addresses = isIP(hostname) === 0 ? await before(signal, this.network.resolve(hostname)) : [hostname];
    if (addresses.length === 0) throw Object.assign(new Error(`${hostname} has no address.`), { code: 'ENOTFOUND' });
    this.admit(target, addresses);
    return addresses;
  }

  /** A connector for undici whose sockets end with `signal`. */
  within(signal: AbortSignal): buildConnector.connector {
    return (options, callback) => void this.answer(options, signal, callback);
  }

  private async answer(
    options: buildConnector.Options,
    signal: AbortSignal,
    callback: buildConnector.Callback,
  ): Promise<void> {
    let socket: Socket;
    try {
      socket = await this.open(options, signal);
    } catch (error) {
      return callback(error as Error, null);
    }
    callback(null, socket);
  }

  private async open(options: buildConnector.Options, signal: AbortSignal): Promise<Socket> {
    const port = Number(options.port || (options.protocol === 'https:' ? 443 : 80));
    const addresses = await this.addresses({ hostname: options.hostname, port }, signal);
    return this.network.connect(options, addresses, signal);
  }

  private admit({ hostname, port }: Pick<Target, 'hostname' | 'port'>, addresses: readonly string[]): void {
    const reason = refusal({ hostname, port }, addresses, this.config);
    if (reason !== undefined) throw refused(hostname, port, reason);
  }
}

function refused(hostname: string, port: number, reason: string): Problem {
  const address = `${isIP(hostname) === 6 ? `[${hostname}]` : hostname}:${port}`;
  return egressRefused(
    `Requests to ${address} are refused: ${reason}. Use a public address, or have the operator add it to EGRESS_ALLOW.`,
    { extensions: { address } },
  );
}

const quoted = (url: string): string => JSON.stringify(url.length > 200 ? `${url.slice(0, 200)}…` : url);

/** What `work` answers, unless `signal` comes first. */
async function before<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
