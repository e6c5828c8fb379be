import { CalculatorTool } from './builtin/calculator.tool.js';
import { ClockTool } from './builtin/clock.tool.js';
import { CreateTicketTool } from './builtin/create-ticket.tool.js';
import { EscalateTool } from './builtin/escalate.tool.js';
import { HttpRequestTool } from './builtin/http-request.tool.js';
import { JsonQueryTool } from './builtin/json-query.tool.js';
import { MemoryReadTool } from './builtin/memory-read.tool.js';
import { MemoryWriteTool } from './builtin/memory-write.tool.js';
import { SearchKnowledgeTool } from './builtin/search-knowledge.tool.js';

/** A line a tool. */
export const BUILT_IN_TOOLS = [
  CalculatorTool,
  ClockTool,
  SearchKnowledgeTool,
  JsonQueryTool,
  MemoryReadTool,
  MemoryWriteTool,
  CreateTicketTool,
  EscalateTool,
  HttpRequestTool,
];
