import { configuration, setting } from '../../platform/config/configuration.js';
import { integer } from '../../platform/config/values.js';

export class RunConfig extends configuration('Runs', {
  runTimeoutMs: setting('RUN_TIMEOUT_MS', integer(1, 86_400_000).default(300_000), 'Longest a run may execute.'),
  nodeTimeoutMs: setting('NODE_TIMEOUT_MS', integer(1, 86_400_000).default(60_000), 'Longest a node may execute.'),
  summaryTimeoutMs: setting(
    'SUMMARY_TIMEOUT_MS',
    integer(1, 86_400_000).default(30_000),
    'Longest a turn waits for the summary of older messages; then it goes on without.',
  ),
  maxToolCalls: setting('MAX_TOOL_CALLS', integer(1, 50).default(10), 'Most tool calls of a run.'),
  maxTokens: setting('MAX_TOKENS_PER_RUN', integer(1, 100_000_000).default(100_000), 'Most tokens of a run.'),
  maxMapItems: setting('MAX_MAP_ITEMS', integer(1, 100_000).default(500), 'Most items of a map node.'),
  maxStepBytes: setting(
    'MAX_STEP_BYTES',
    integer(1_000, 100_000_000).default(4_000_000),
    'Longest result of one step, as JSON text.',
  ),
  maxRunsPerUser: setting(
    'MAX_RUNS_PER_USER',
    integer(1, 1_000_000).default(10),
    'Most runs of a user that execute at once.',
  ),
  leaseMs: setting(
    'RUN_LEASE_MS',
    integer(500, 600_000).default(15_000),
    'How long a run stays with a process that gives no sign of life.',
  ),
  sweepMs: setting(
    'RUN_SWEEP_MS',
    integer(100, 600_000).default(5_000),
    'Time between two looks for runs that a dead process left.',
  ),
  maxAttempts: setting(
    'RUN_MAX_ATTEMPTS',
    integer(1, 100).default(3),
    'Attempts after which a run that kills its process is given up.',
  ),
  concurrency: setting(
    'WORKER_CONCURRENCY',
    integer(1, 100_000).default(1_000),
    'Most runs this process executes at once.',
  ),
  flushMs: setting(
    'EVENT_FLUSH_MS',
    integer(1, 1_000).default(50),
    'Longest an event waits to be written together with others.',
  ),
  heartbeatMs: setting(
    'STREAM_HEARTBEAT_MS',
    integer(100, 600_000).default(15_000),
    'Time between two comment lines of an idle stream.',
  ),
}) {}
