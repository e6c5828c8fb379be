import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { isTransient } from '../platform/database/fault.js';

const RETRY_MS = 1_000;
const PATIENCE_MS = 60_000;

const logger = new Logger('Chat');

/** Cancels a run whose reader has left: nobody asks again, so this repeats while the database is away. Never throws. */
export async function cancelAbandoned(
  runId: string,
  cancel: () => Promise<unknown>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  for (const until = performance.now() + patienceMs; ; await sleep(RETRY_MS, undefined, { ref: false })) {
    try {
      await cancel();
      return;
    } catch (error) {
      if (isTransient(error) && performance.now() < until) continue;
      logger.warn(`Run ${runId} goes on though its reader left and wanted it cancelled: ${String(error)}`);
      return;
    }
  }
}
