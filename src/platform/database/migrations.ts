import { Identity1700000000001 } from './migration/0001-identity.migration.js';
import { Conversation1700000000002 } from './migration/0002-conversation.migration.js';
import { Run1700000000003 } from './migration/0003-run.migration.js';
import { Idempotency1700000000004 } from './migration/0004-idempotency.migration.js';

/** Every migration, oldest first. */
export const MIGRATIONS = [
  Identity1700000000001,
  Conversation1700000000002,
  Run1700000000003,
  Idempotency1700000000004,
];
