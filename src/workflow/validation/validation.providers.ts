import { ConditionCoverageRule } from './rules/condition-coverage.rule.js';
import { CycleRule } from './rules/cycle.rule.js';
import { DuplicateIdRule } from './rules/duplicate-id.rule.js';
import { EdgeRule } from './rules/edge.rule.js';
import { EgressRule } from './rules/egress.rule.js';
import { GraphSizeRule } from './rules/graph-size.rule.js';
import { InputSchemaRule } from './rules/input-schema.rule.js';
import { ItemReferenceRule } from './rules/item-reference.rule.js';
import { JoinRule } from './rules/join.rule.js';
import { LimitRule } from './rules/limit.rule.js';
import { ModelRule } from './rules/model.rule.js';
import { NodeConfigRule } from './rules/node-config.rule.js';
import { NodeReferenceRule } from './rules/node-reference.rule.js';
import { NodeTypeRule } from './rules/node-type.rule.js';
import { OpenPortRule } from './rules/open-port.rule.js';
import { ReachabilityRule } from './rules/reachability.rule.js';
import { ReferencePathRule } from './rules/reference-path.rule.js';
import { SelfContainmentRule } from './rules/self-containment.rule.js';
import { StructureRule } from './rules/structure.rule.js';
import { ToolRule } from './rules/tool.rule.js';
import { VariableReferenceRule } from './rules/variable-reference.rule.js';
import { WorkflowReferenceRule } from './rules/workflow-reference.rule.js';
import { WorstCaseRule } from './rules/worst-case.rule.js';
import { WorkflowLookup } from './workflow-lookup.js';
import { WorkflowValidator } from './workflow-validator.js';

const RULES = [
  StructureRule,
  NodeTypeRule,
  NodeConfigRule,
  DuplicateIdRule,
  EdgeRule,
  CycleRule,
  ReferencePathRule,
  NodeReferenceRule,
  VariableReferenceRule,
  ItemReferenceRule,
  WorkflowReferenceRule,
  SelfContainmentRule,
  ModelRule,
  ToolRule,
  EgressRule,
  LimitRule,
  InputSchemaRule,
  JoinRule,
  ReachabilityRule,
  OpenPortRule,
  GraphSizeRule,
  ConditionCoverageRule,
  WorstCaseRule,
];

/** What judges definitions. A rule is one file plus one line above. */
export const VALIDATION = [WorkflowLookup, WorkflowValidator, ...RULES];
