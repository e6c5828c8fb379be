import { Identity1700000000001 } from './migration/0001-identity.migration.js';
import { Conversation1700000000002 } from './migration/0002-conversation.migration.js';
import { Run1700000000003 } from './migration/0003-run.migration.js';
import { Idempotency1700000000004 } from './migration/0004-idempotency.migration.js';
import { Engine1700000000005 } from './migration/0005-engine.migration.js';
import { WorkflowLibrary1700000000006 } from './migration/0006-workflow-library.migration.js';
import { Template1700000000007 } from './migration/0007-template.migration.js';
import { Webhook1700000000008 } from './migration/0008-webhook.migration.js';
import { Tool1700000000009 } from './migration/0009-tool.migration.js';
import { Guard1700000000010 } from './migration/0010-guard.migration.js';
import { TicketMemory1700000000011 } from './migration/0011-ticket-memory.migration.js';
import { Secret1700000000012 } from './migration/0012-secret.migration.js';
import { McpServer1700000000013 } from './migration/0013-mcp-server.migration.js';
import { Knowledge1700000000014 } from './migration/0014-knowledge.migration.js';
import { KeyHolder1700000000015 } from './migration/0015-key-holder.migration.js';
import { Memory1700000000016 } from './migration/0016-memory.migration.js';
import { Metrics1700000000017 } from './migration/0017-metrics.migration.js';
import { Usage1700000000018 } from './migration/0018-usage.migration.js';
import { RunWebhook1700000000019 } from './migration/0019-run-webhook.migration.js';
import { News1700000000020 } from './migration/0020-news.migration.js';
import { CacheFigures1700000000021 } from './migration/0021-cache-figures.migration.js';
import { DocumentHindrance1700000000022 } from './migration/0022-document-hindrance.migration.js';

/** Every migration, oldest first. */
export const MIGRATIONS = [
  Identity1700000000001,
  Conversation1700000000002,
  Run1700000000003,
  Idempotency1700000000004,
  Engine1700000000005,
  WorkflowLibrary1700000000006,
  Template1700000000007,
  Webhook1700000000008,
  Tool1700000000009,
  Guard1700000000010,
  TicketMemory1700000000011,
  Secret1700000000012,
  McpServer1700000000013,
  Knowledge1700000000014,
  KeyHolder1700000000015,
  Memory1700000000016,
  Metrics1700000000017,
  Usage1700000000018,
  RunWebhook1700000000019,
  News1700000000020,
  CacheFigures1700000000021,
  DocumentHindrance1700000000022,
];
