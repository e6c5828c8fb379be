import type { NestExpressApplication } from '@nestjs/platform-express';
import { closeApplication, createApplication, orClosed } from './application.js';
import { welcome } from './welcome.js';
import { EnvironmentError, readEnvironment } from './platform/config/environment.js';
import { redact } from './security/redaction/redact.js';
import { ServerConfig } from './platform/config/server.config.js';

const FORCED_EXIT_AFTER_MS = 25_000;

async function main(): Promise<void> {
  const app = await createApplication(readEnvironment());
  const { host, port } = app.get(ServerConfig);
  await orClosed(app, app.listen(port, host));
  closeOnSignal(app);
  process.stdout.write(await welcome(app));
}

/** The first signal drains and closes; a second one, or 25 seconds, ends the process at once. */
function closeOnSignal(app: NestExpressApplication): void {
  let closing = false;
  const close = (): void => {
    if (closing) process.exit(1);
    closing = true;
    setTimeout(() => process.exit(1), FORCED_EXIT_AFTER_MS).unref();
    closeApplication(app).then(() => process.exit(0), fail);
  };
  process.on('SIGTERM', close);
  process.on('SIGINT', close);
}

function fail(error: unknown): never {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${redact(error instanceof EnvironmentError ? error.message : text).text}\n`);
  process.exit(1);
}

await main().catch(fail);
