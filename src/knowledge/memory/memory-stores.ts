import { Injectable } from '@nestjs/common';
import { MemoryStore } from './memory-store.js';
import type { MemoryOwner } from './memory.repository.js';
import { MemoryService } from './memory.service.js';

/** Stores of what is remembered, each of one user in one workspace. */
@Injectable()
export class MemoryStores {
  constructor(private readonly memories: MemoryService) {}

  of({ workspaceId, userId }: MemoryOwner): MemoryStore {
    return new MemoryStore(this.memories, { workspaceId, userId });
  }
}
