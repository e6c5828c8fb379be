import { Injectable } from '@nestjs/common';
import { CollectionService } from '../../knowledge/collection/collection.service.js';
import { RequirementSource, type RequirementKnowledge } from './requirement-source.js';

/** Knows the collections of a workspace. */
@Injectable()
@RequirementSource()
export class CollectionRequirements implements RequirementKnowledge {
  constructor(private readonly collections: CollectionService) {}

  missingCollections(workspaceId: string, names: readonly string[]): Promise<readonly string[]> {
    return this.collections.missing(workspaceId, names);
  }
}
