import { setTimeout as delay } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { json, type LoadUser, type StreamRecord } from './exchange.ts';
import { DOCUMENT, type LoadKind } from './kinds.ts';

/** What all users of a load do. */
export interface UsersOutcome {
  readonly records: readonly StreamRecord[];
  /** Streams that could not be read, and requests that were refused. */
  readonly failures: readonly string[];
}

interface Place {
  readonly origin: string;
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal;
}

const SETTLED_MS = 60_000;
const LOOK_EVERY_MS = 100;
const PAUSE_AFTER_FAILURE_MS = 250;
/** Beyond it a load ends early: what was received is kept until it is checked. */
const MOST_STREAMS = 200_000;

/** A user with a key and a document that is ready. */
export async function newUser({ origin, dispatcher, signal }: Place, index: number): Promise<LoadUser> {
  const visitor: LoadUser = { origin, dispatcher, signal, authorization: '', conversation: undefined };
  const account = { email: `user${index}@example.com`, password: 'correct-horse-battery-staple-42' };
  const { accessToken } = (await json(visitor, 'POST', '/api/v1/auth/register', account)) as {
    readonly accessToken: string;
  };
  const signedIn = { ...visitor, authorization: `Bearer ${accessToken}` };
  const { key } = (await json(signedIn, 'POST', '/api/v1/auth/api-keys', { name: 'load' })) as { readonly key: string };
  const user = { ...visitor, authorization: `Bearer ${key}` };
  const { id } = (await json(user, 'POST', '/api/v1/documents', DOCUMENT)) as { readonly id: string };
  await ready(user, id);
  return user;
}

async function ready(user: LoadUser, documentId: string): Promise<void> {
  for (const until = performance.now() + SETTLED_MS; performance.now() < until;) {
    const { status } = (await json(user, 'GET', `/api/v1/documents/${documentId}`)) as { readonly status: string };
    if (status === 'ready') return;
    if (status === 'failed') break;
    await delay(LOOK_EVERY_MS, undefined, { signal: user.signal });
  }
  throw new Error(`Document ${documentId} is not ready.`);
}

/**
 * Each user does one thing after the other, all kinds in turn; they begin one after the other over the first quarter of
 * the time. Nothing is begun after its end; what was begun is read to its own.
 */
export async function driveUsers(
  users: readonly LoadUser[],
  kinds: readonly LoadKind[],
  seconds: number,
): Promise<UsersOutcome> {
  const records: StreamRecord[] = [];
  const failures: string[] = [];
  const endsAt = performance.now() + seconds * 1_000;
  const rampMs = (seconds * 1_000) / 4;
  const live = async (user: LoadUser, index: number): Promise<void> => {
    await delay((rampMs * index) / users.length, undefined, { signal: user.signal });
    for (let turn = index; performance.now() < endsAt && records.length < MOST_STREAMS; turn += 1) {
      const kind = kinds[turn % kinds.length];
      try {
        if (kind) records.push(await kind.run(user));
      } catch (error) {
        user.signal.throwIfAborted();
        user.conversation = undefined;
        failures.push(`${kind?.name}: ${error instanceof Error ? error.message : String(error)}`);
        await delay(PAUSE_AFTER_FAILURE_MS, undefined, { signal: user.signal });
      }
    }
  };
  await Promise.all(users.map(live));
  return { records, failures };
}
