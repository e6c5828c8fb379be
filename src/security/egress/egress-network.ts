import { Injectable } from '@nestjs/common';
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { Concurrency } from '../identity/concurrency.js';

const CONNECT_TIMEOUT_MS = 10_000;

/** The names and sockets of this machine. Decides nothing: see {@link EgressConnector}. */
@Injectable()
export class EgressNetwork {
  /**
   * The system's resolver blocks a thread of the few that files and password hashes need too: names with a slow server
   * may hold two of them, not all.
   */
  private readonly lookups = new Concurrency({ atOnce: 2, waiting: 1_000 });

  /** The addresses of a name as the system resolves it, hosts file included. @throws Error with a `code` */
  async resolve(hostname: string): Promise<readonly string[]> {
    const found = await this.lookups.run(() => lookup(hostname, { all: true }));
    return found.map(({ address }) => address);
  }

  /** Connects to one of `addresses` and to nothing else; the name serves TLS alone. Aborting destroys the socket. */
  async connect(options: buildConnector.Options, addresses: readonly string[], signal: AbortSignal): Promise<Socket> {
    const { buildConnector } = await import('undici');
    signal.throwIfAborted();
    const connect = buildConnector({
      lookup: pinned(addresses),
      signal,
      timeout: CONNECT_TIMEOUT_MS,
      allowH2: false,
      maxCachedSessions: 0,
    });
    return new Promise((resolve, reject) => {
      connect(options, (error, socket) => (error ? reject(error) : resolve(socket)));
    });
  }
}

const pinned =
  (addresses: readonly string[]): LookupFunction =>
  (_hostname, { all }, callback) => {
    const found = addresses.map((address) => ({ address, family: isIP(address) }));
    const [first] = found;
    if (all) callback(null, found);
    else callback(null, first?.address ?? '', first?.family);
  };
