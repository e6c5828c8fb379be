import { Injectable } from '@nestjs/common';
import { Problem } from '../../platform/problem/problem.js';
import { pinKey } from '../definition/bundle.js';
import { NodeRegistry } from '../node/node.registry.js';
import { WorkflowResolver } from '../workflow-resolver.js';
import type { FoundWorkflow, WorkflowUse } from './definition-view.js';
import { readLevels } from './level-reader.js';

/** Names that are looked up for one definition, those in the workflows found included. */
const MAX_LOOKUPS = 200;

/** What the workflows that a definition names stand for, and those that these name, to the end. */
@Injectable()
export class WorkflowLookup {
  constructor(
    private readonly resolver: WorkflowResolver,
    private readonly types: NodeRegistry,
  ) {}

  /** By `pinKey`. Each is looked up once, so a circle ends by itself. */
  async find(workspaceId: string, uses: readonly WorkflowUse[]): Promise<ReadonlyMap<string, FoundWorkflow>> {
    const found = new Map<string, FoundWorkflow>();
    const pending = [...uses];
    for (let at = 0, lookups = 0; at < pending.length; at++) {
      const use = pending[at];
      if (!use || use.workflow.includes('{{') || found.has(pinKey(use))) continue;
      const workflow = ++lookups > MAX_LOOKUPS ? 'not looked up' : await this.lookUp(workspaceId, use);
      found.set(pinKey(use), workflow);
      if (typeof workflow === 'object' && 'uses' in workflow) pending.push(...workflow.uses);
    }
    return found;
  }

  /** @throws what is no answer, such as a database that is away */
  private async lookUp(workspaceId: string, { workflow, parameters = {} }: WorkflowUse): Promise<FoundWorkflow> {
    try {
      const resolved = await this.resolver.resolve(workspaceId, workflow, parameters);
      const { levels, uses } = readLevels(resolved.definition, this.types);
      return { workflow: resolved, levels, uses };
    } catch (error) {
      if (error instanceof Problem && error.status < 500) return { problem: error };
      throw error;
    }
  }
}
