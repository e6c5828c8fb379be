import { AgentNode } from './types/agent.node.js';
import { ApprovalNode } from './types/approval.node.js';
import { CompositeNode } from './types/composite.node.js';
import { ConditionalNode } from './types/conditional.node.js';
import { DelayNode } from './types/delay.node.js';
import { EndNode } from './types/end.node.js';
import { FailNode } from './types/fail.node.js';
import { HttpNode } from './types/http.node.js';
import { JoinNode } from './types/join.node.js';
import { LoopNode } from './types/loop.node.js';
import { MapNode } from './types/map.node.js';
import { MemoryNode } from './types/memory.node.js';
import { ModelNode } from './types/model.node.js';
import { PromptNode } from './types/prompt.node.js';
import { RetrieveNode } from './types/retrieve.node.js';
import { SetNode } from './types/set.node.js';
import { SwitchNode } from './types/switch.node.js';
import { ToolNode } from './types/tool.node.js';
import { WorkflowNode } from './types/workflow.node.js';

/** Every node type: a new one is one file and one line here. */
export const NODE_TYPES = [
  AgentNode,
  ApprovalNode,
  CompositeNode,
  ConditionalNode,
  DelayNode,
  EndNode,
  FailNode,
  HttpNode,
  JoinNode,
  LoopNode,
  MapNode,
  MemoryNode,
  ModelNode,
  PromptNode,
  RetrieveNode,
  SetNode,
  SwitchNode,
  ToolNode,
  WorkflowNode,
];
