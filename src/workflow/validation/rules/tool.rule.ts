import { Injectable } from '@nestjs/common';
import type { Principal } from '../../../platform/http/principal.js';
import { decisionIn, ToolAccess } from '../../../tool/access/tool-access.js';
import { ToolCatalogue } from '../../../tool/tool-catalogue.js';
import type { DefinitionView, NodeView } from '../definition-view.js';
import { suggestions } from '../near-match.js';
import { literal, textsOf } from '../node-members.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { advice, fault, quoted, type Violation } from '../violation.js';

/**
 * A tool that a node names must be there. One that the author may not call is worth a warning: who runs the definition may
 * have the right, and the call is judged when it is made.
 */
@Injectable()
@ValidationRule()
export class ToolRule implements Rule {
  constructor(
    private readonly catalogue: ToolCatalogue,
    private readonly access: ToolAccess,
  ) {}

  async *check({ levels }: DefinitionView, caller: Principal): AsyncIterable<Violation> {
    const named = levels.flatMap((level) => (level.kind === 'graph' ? level.nodes : [])).flatMap(namesIn);
    if (named.length === 0) return;
    const all = await this.catalogue.all(caller.workspaceId);
    const tools = new Map(all.map((tool) => [tool.name, tool]));
    const state = await this.access.stateOf(caller);
    const didYouMean = suggestions();
    for (const { node, name, pointer } of named) {
      const tool = tools.get(name);
      const subject = `Node ${quoted(node.id)} names the tool ${quoted(name)}`;
      if (!tool) {
        const hint = `Name a tool of GET /tools.${didYouMean(name, tools.keys())}`;
        yield fault('unknown-tool', pointer, `${subject}, which this workspace does not have.`, hint);
        continue;
      }
      const { allowed, refusal, reason } = decisionIn(state, tool, {});
      if (!allowed)
        yield advice(
          refusal === 'disabled' ? 'tool-disabled' : 'tool-not-permitted',
          pointer,
          `${subject}, which you may not call now.`,
          `${reason} Until then its calls are refused.`,
        );
    }
  }
}

interface NamedTool {
  readonly node: NodeView;
  readonly name: string;
  readonly pointer: string;
}

function namesIn(node: NodeView): readonly NamedTool[] {
  const one = literal(node, 'tool');
  const many = textsOf(node, 'tools').map((name, index) => ({
    node,
    name,
    pointer: `${node.pointer}/config/tools/${index}`,
  }));
  return one === undefined ? many : [{ node, name: one, pointer: `${node.pointer}/config/tool` }, ...many];
}
