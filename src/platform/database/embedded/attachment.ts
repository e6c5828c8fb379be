import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isDatabaseUnavailable } from '../fault.js';
import type { Binaries } from './binaries.js';
import { Claim } from './claim.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import type { Machine } from './machine.js';
import type { Place } from './place.js';
import { pidFileOf, postmasterOf, shutDown, type Address } from './postmaster.js';
import { logFileOf, startServerProcess, type ServerProcess } from './server-process.js';
import { PORT } from './socket-directory.js';
import { discardStaleLockFile } from './stale-lock-file.js';

const READY_LIMIT_MS = 60_000;
const LOOK_MS = 25;
const RETRY_MS = 250;

/** What a start prints when another server, or what is left of a killed one, still holds the cluster. */
const IN_USE =
  /lock file "[^"\n]{1,4096}" (already exists|is empty)|pre-existing shared memory block|could not bind Unix address/;

/** How a server ends that was asked to. */
const SHUT_DOWN = 'code 0';

export interface Attachment {
  readonly claim: Claim;
  readonly address: Address;
  /** Whether the server was running already. */
  readonly adopted: boolean;
}

export interface Start {
  readonly place: Place;
  readonly binaries: Binaries;
  readonly machine: Machine;
  readonly signal?: AbortSignal;
}

/**
 * Claims the server of a cluster: the running one, else one it starts. Of several processes that start at once one
 * succeeds, by PostgreSQL's own lock file, and the others claim that one's server. A server that recovers or shuts down
 * is waited for, as are the remains of a killed one.
 * @throws EmbeddedPostgresError when it cannot start, or is not ready after a minute (it is then left to go on)
 */
export async function attach({ place, binaries, machine, signal }: Start): Promise<Attachment> {
  const deadline = Date.now() + READY_LIMIT_MS;
  let server: ServerProcess | undefined;
  let refusal: unknown;
  try {
    while (Date.now() < deadline) {
      signal?.throwIfAborted();
      const running = await postmasterOf(place.cluster);
      if (running?.address) {
        try {
          const claim = await claimDatabase(running.address);
          return { claim, address: running.address, adopted: running.pid !== server?.pid };
        } catch (error) {
          if (!isDatabaseUnavailable(error)) throw error;
          refusal = error;
        }
      } else if (!running) {
        if (server?.ended() !== undefined) await waitOutRemains(server, place, signal);
        if (!server || server.ended() !== undefined) server = await startServerProcess(place, binaries, machine);
      }
      await setTimeout(LOOK_MS, undefined, { signal });
    }
  } catch (error) {
    if (signal?.aborted && server?.pid !== undefined) await shutDown(server.pid, place.cluster);
    throw error;
  }
  throw failure(place, `was not ready after ${READY_LIMIT_MS / 1000} s`, await server?.output(), refusal);
}

async function claimDatabase(address: Address): Promise<Claim> {
  const claim = await Claim.take(address);
  try {
    await claim.ensureDatabase();
    return claim;
  } catch (error) {
    await claim.giveUp().catch(() => undefined);
    throw error;
  }
}

/**
 * Waits a moment when a server ended because the cluster is in use, or because another process adopted it and shut it
 * down before this one could claim it.
 * @throws EmbeddedPostgresError when it ended for another reason
 */
async function waitOutRemains(server: ServerProcess, place: Place, signal?: AbortSignal): Promise<void> {
  const end = server.ended();
  if (end instanceof Error) throw end;
  const output = await server.output();
  if (end !== SHUT_DOWN && !IN_USE.test(output)) throw failure(place, `ended with ${end}`, output);
  await discardStaleLockFile(pidFileOf(place.cluster), place.cluster);
  await discardStaleLockFile(join(place.socketDir, `.s.PGSQL.${PORT}.lock`), place.cluster);
  await setTimeout(RETRY_MS, undefined, { signal });
}

function failure({ dataDir }: Place, what: string, output = '', cause?: unknown): EmbeddedPostgresError {
  const log = logFileOf(dataDir);
  return new EmbeddedPostgresError(
    `The embedded PostgreSQL ${what}. ${output ? `The end of ${log}:\n${output}` : `See ${log}.`}`,
    { cause },
  );
}
