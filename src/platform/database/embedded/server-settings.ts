/** Settings of the embedded server: a small machine that it shares with the application, durable, quiet. */
const SETTINGS = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '100',
  shared_buffers: '128MB',
  effective_cache_size: '512MB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  fsync: 'on',
  synchronous_commit: 'on',
  max_wal_size: '512MB',
  min_wal_size: '64MB',
  checkpoint_timeout: '15min',
  max_wal_senders: '0',
  wal_level: 'minimal',
  max_logical_replication_workers: '0',
  random_page_cost: '1.1',
  jit: 'off',
  // Parallel queries take shared memory from /dev/shm, of which a container has 64 MB.
  max_parallel_workers_per_gather: '0',
  idle_in_transaction_session_timeout: '5min',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // A refused statement is the application's to report; the server's log has its own affairs only.
  log_min_messages: 'log',
  log_checkpoints: 'off',
} as const;

/** The arguments that carry the settings, for the command line of `postgres`. */
export const settingArguments: readonly string[] = Object.entries(SETTINGS).flatMap(([name, value]) => [
  '-c',
  `${name}=${value}`,
]);

/** A socket directory as the server reads it: a list of quoted names, so blanks and commas are safe. */
export const socketDirectoryArgument = (directory: string): string => `"${directory.replaceAll('"', '""')}"`;
