import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { isUniqueViolation } from '../../platform/database/fault.js';
import { decodeCursor, toPage, type PageQuery } from '../../platform/http/page.js';
import { conflict, notFound } from '../../platform/problem/http.errors.js';
import { AuditLog } from '../../security/audit/audit.log.js';
import { Redactor } from '../../security/redaction/workspace.redactor.js';
import { toMemoryDto, type MemoryDto, type MemoryPageDto } from './memory.dto.js';
import { memoryFull } from './memory.errors.js';
import { MemoryRepository, type Memory, type MemoryOwner } from './memory.repository.js';

/** Most facts that are remembered of one user in one workspace. */
export const MAX_MEMORIES = 500;

/** What is remembered of users beyond their conversations. */
@Injectable()
export class MemoryService {
  constructor(
    private readonly memories: MemoryRepository,
    private readonly redactor: Redactor,
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  /** What is remembered already is only dated anew. @throws Problem memory-full, content-blocked */
  async remember(owner: MemoryOwner, content: string): Promise<Memory> {
    return (await this.memories.keep(owner, await this.admitted(owner, content), MAX_MEMORIES)) ?? full();
  }

  /** Puts a fact under a key of the owner's own. @throws Problem memory-full, content-blocked, conflict */
  async put(owner: MemoryOwner, key: string, content: string): Promise<void> {
    const fact = await this.admitted(owner, content);
    try {
      if (!(await this.memories.put(owner, key, fact, MAX_MEMORIES))) full();
    } catch (error) {
      if (!isUniqueViolation(error, 'memory_content') && !isUniqueViolation(error, 'memory_key')) throw error;
      throw conflict('The same was remembered at the same time. Try again.', { cause: error });
    }
  }

  byKey(owner: MemoryOwner, key: string): Promise<Memory | undefined> {
    return this.memories.byKey(owner, key);
  }

  forgetKey(owner: MemoryOwner, key: string): Promise<void> {
    return this.memories.forgetKey(owner, key);
  }

  /** Those that share a word with the query, the most alike first; without one the newest first. */
  found(owner: MemoryOwner, query: string | undefined, limit: number): Promise<readonly Memory[]> {
    return this.memories.recall(owner, query, limit);
  }

  async list(owner: MemoryOwner, { limit, cursor }: PageQuery): Promise<MemoryPageDto> {
    const [before] = cursor === undefined ? [] : decodeCursor(cursor, ['id']);
    return toPage(await this.memories.list(owner, before, limit + 1), limit, ({ id }) => [id], toMemoryDto);
  }

  /** @throws Problem not-found */
  async get(owner: MemoryOwner, id: string): Promise<MemoryDto> {
    return toMemoryDto((await this.memories.find(owner, id)) ?? missing(id));
  }

  /** @throws Problem not-found, content-blocked, conflict when another memory says the same */
  async change(owner: MemoryOwner, id: string, content: string): Promise<MemoryDto> {
    const fact = await this.admitted(owner, content);
    try {
      return toMemoryDto((await this.memories.change(owner, id, fact)) ?? missing(id));
    } catch (error) {
      if (!isUniqueViolation(error, 'memory_content')) throw error;
      throw conflict('Another memory says the same. Delete one of them.', { cause: error });
    }
  }

  /** @throws Problem not-found */
  async forget(owner: MemoryOwner, id: string): Promise<void> {
    await this.database.transaction(async () => {
      if (!(await this.memories.forget(owner, id))) missing(id);
      await this.note(owner, 'memory.deleted', `memory:${id}`);
    });
  }

  async forgetAll(owner: MemoryOwner): Promise<void> {
    await this.database.transaction(async () => {
      await this.memories.forgetAll(owner);
      await this.note(owner, 'memory.cleared', `user:${owner.userId}`);
    });
  }

  private note(
    { workspaceId, userId: actorId }: MemoryOwner,
    action: 'memory.deleted' | 'memory.cleared',
    subject: `memory:${string}` | `user:${string}`,
  ): Promise<void> {
    return this.audit.record({ workspaceId, actorId, action, subject, outcome: 'ok' });
  }

  private admitted({ workspaceId }: MemoryOwner, content: string): Promise<string> {
    return this.redactor.admit(workspaceId, content, 'The memory');
  }
}

function full(): never {
  throw memoryFull(`${MAX_MEMORIES} facts are remembered of this user, which is the most. Delete some.`);
}

function missing(id: string): never {
  throw notFound(`There is no memory ${id} of yours in this workspace.`);
}
