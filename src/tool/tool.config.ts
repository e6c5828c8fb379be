import { configuration, setting } from '../platform/config/configuration.js';
import { integer } from '../platform/config/values.js';

export class ToolConfig extends configuration('Tools', {
  timeoutMs: setting('TOOL_TIMEOUT_MS', integer(1_000, 300_000).default(30_000), 'Longest a tool call may take.'),
}) {}
