import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../src/platform/database/embedded/embedded-postgres.js';

const dataDir = fileURLToPath(new URL('../../node_modules/.cache/chatter-test-postgres', import.meta.url));

/** The server that all suites of a run share; the first to ask starts it, in whichever jest worker. */
export const testServer = (): Promise<EmbeddedPostgres> => startEmbeddedPostgres({ dataDir });

/** Stops the shared server if it runs and no other test run uses it. */
export async function stopTestServer(): Promise<void> {
  if (!existsSync(join(dataDir, 'postgres', 'postmaster.pid'))) return;
  const server = await testServer();
  await server.stop();
}
