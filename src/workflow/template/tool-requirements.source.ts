import { Injectable } from '@nestjs/common';
import { ToolCatalogue } from '../../tool/tool-catalogue.js';
import { RequirementSource, type RequirementKnowledge } from './requirement-source.js';

/** Knows the tools of this server. */
@Injectable()
@RequirementSource()
export class ToolRequirements implements RequirementKnowledge {
  constructor(private readonly catalogue: ToolCatalogue) {}

  async missingTools(workspaceId: string, names: readonly string[]): Promise<readonly string[]> {
    const found = await Promise.all(names.map((name) => this.catalogue.find(workspaceId, name)));
    return names.filter((_, position) => found[position] === undefined);
  }
}
