import { z } from 'zod';
import { configuration, setting } from './configuration.js';
import { flag, integer, list } from './values.js';

/** How the process listens and behaves as a whole. */
export class ServerConfig extends configuration('Server', {
  nodeEnv: setting(
    'NODE_ENV',
    z.enum(['development', 'test', 'production']).default('development'),
    'production refuses development defaults.',
  ),
  role: setting(
    'ROLE',
    z.enum(['all', 'api', 'worker']).default('all'),
    'What this process does: api answers requests, worker executes runs and queued work, all does both.',
  ),
  port: setting('PORT', integer(0, 65535).default(3000), 'TCP port to listen on; 0 takes a free one.'),
  host: setting('HOST', z.string().default('127.0.0.1'), 'Address to listen on; 0.0.0.0 in a container.'),
  dataDir: setting('DATA_DIR', z.string().default('./.data'), 'Folder of the embedded database and its keys.'),
  logLevel: setting(
    'LOG_LEVEL',
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    'Least severe log line that is written.',
  ),
  corsOrigins: setting(
    'CORS_ORIGINS',
    list().default([]),
    'Browser origins allowed to call the API, comma-separated; * for any, but not in production.',
  ),
  trustProxy: setting(
    'TRUST_PROXY',
    integer(0, 16).default(0),
    'Number of proxies in front whose X-Forwarded-For is believed.',
  ),
  bodyLimitBytes: setting(
    'BODY_LIMIT_BYTES',
    integer(1024, 100_000_000).default(1_048_576),
    'Largest JSON body accepted.',
  ),
  shutdownDelayMs: setting(
    'SHUTDOWN_DELAY_MS',
    integer(0, 60_000).default(0),
    'Time between turning unready and draining on SIGTERM.',
  ),
  shutdownTimeoutMs: setting(
    'SHUTDOWN_TIMEOUT_MS',
    integer(0, 60_000).default(15_000),
    'Time running work may take to end on SIGTERM before it is handed over.',
  ),
  exposeDocs: setting(
    'EXPOSE_DOCS',
    flag().default(true),
    'Serve Swagger UI at /docs and the document at /openapi.json.',
  ),
}) {}
