import { startEmbeddedPostgres } from '../../src/platform/database/embedded/embedded-postgres.js';

/**
 * A process that uses the embedded server of the data directory in its first argument: says so in a line of JSON, then
 * stays until it is killed, or stops the server and ends on SIGTERM.
 */
const server = await startEmbeddedPostgres({ dataDir: process.argv[2] ?? '' });
const idle = setInterval(() => undefined, 60_000);
process.once('SIGTERM', () => {
  clearInterval(idle);
  void server.stop();
});
process.stdout.write(`${JSON.stringify({ url: server.url, adopted: server.adopted })}\n`);
