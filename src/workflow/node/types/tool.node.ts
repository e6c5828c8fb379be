import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { ToolGate } from '../../../tool/tool-gate.js';
import { ToolCatalogue } from '../../../tool/tool-catalogue.js';
import { toolUnknown } from '../../../tool/tool.errors.js';
import { toolCallsExceeded } from '../../workflow.errors.js';
import { NodeType, type NodeContext, type NodeExecutor, type NodeResult } from '../node-type.js';
import { callIdOf, observedCall } from '../observed-call.js';
import { VariableName } from '../variable-name.js';

const Config = z.strictObject({
  tool: z.string().min(1).max(64).describe('The name of the tool.'),
  arguments: z.record(z.string(), z.unknown()).default({}).describe('What it is called with, by the tool’s schema.'),
  output: VariableName.default('result').describe('The variable that receives the result.'),
});
type Config = z.output<typeof Config>;

@Injectable()
@NodeType({
  type: 'tool',
  title: 'Tool',
  description: 'Calls one tool; its result is the output.',
  config: Config,
  example: { tool: 'calculator', arguments: { expression: '{{input.price}} * 1.2' } },
  ports: ['next'],
})
export class ToolNode implements NodeExecutor<Config> {
  constructor(
    private readonly catalogue: ToolCatalogue,
    private readonly gate: ToolGate,
  ) {}

  async execute(context: NodeContext<Config>): Promise<NodeResult> {
    const { config, takeToolCall } = context;
    const tool = await this.catalogue.find(context.run.workspaceId, config.tool);
    if (!tool) throw toolUnknown(`This server has no tool "${config.tool}". GET /api/v1/tools lists those it has.`);
    const callId = callIdOf(context, '1');
    if (!takeToolCall(callId)) throw toolCallsExceeded();
    const outcome = await observedCall(this.gate, context, { callId, tool, arguments: config.arguments });
    if (outcome.status !== 'ok') throw outcome.problem;
    return { output: outcome.result, variables: { [config.output]: outcome.result } };
  }
}
