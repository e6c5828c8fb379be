import { parentPort, workerData } from 'node:worker_threads';
import { parseDocument } from './parse.ts';
import type { ParseAnswer, ParseOrder } from './parsed-text.ts';
import { Unreadable } from './parsed-text.ts';

/** The thread that reads one document and ends. Its imports name `.ts` files so that Node can run them as they are. */
async function answer(): Promise<ParseAnswer> {
  try {
    return { parsed: await parseDocument(workerData as ParseOrder) };
  } catch (error) {
    if (error instanceof Unreadable) return { fault: error.message };
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is a window's
parentPort?.postMessage(await answer());
