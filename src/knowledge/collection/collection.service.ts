import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { decodeCursor, toPage, type Page, type PageQuery } from '../../platform/http/page.js';
import type { Principal } from '../../platform/http/principal.js';
import { conflict } from '../../platform/problem/http.errors.js';
import { AuditLog } from '../../security/audit/audit.log.js';
import { ContentStore } from '../document/content-store.js';
import { EmbeddingRegistry } from '../embedding/embedding.registry.js';
import { KnowledgeConfig } from '../knowledge.config.js';
import { noCollection } from '../knowledge.errors.js';
import { DEFAULT_LANGUAGE, type Collection, type NewCollection } from './collection.js';
import { CollectionRepository } from './collection.repository.js';

/** Collections belong to their workspace: every member reads them, editors change them. */
@Injectable()
export class CollectionService {
  constructor(
    private readonly collections: CollectionRepository,
    private readonly models: EmbeddingRegistry,
    private readonly contents: ContentStore,
    private readonly config: KnowledgeConfig,
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  /** @throws Problem conflict when the name is taken, embedding-model-unknown when the model cannot be used */
  async create({ workspaceId }: Principal, input: NewCollection): Promise<Collection> {
    const made = await this.collections.insert(workspaceId, this.completed(input));
    if (made) return made;
    throw conflict(`There is a collection "${input.name}" in this workspace. Use it, or choose another name.`);
  }

  async list({ workspaceId }: Principal, { limit, cursor }: PageQuery): Promise<Page<Collection>> {
    const before = cursor === undefined ? undefined : decodeCursor(cursor, ['id'])[0];
    const rows = await this.collections.list(workspaceId, before, limit + 1);
    return toPage(
      rows,
      limit,
      ({ id }) => [id],
      (row) => row,
    );
  }

  /** Deletes it with all its documents. @throws Problem not-found */
  async delete({ workspaceId, userId: actorId }: Principal, id: string): Promise<void> {
    await this.database.transaction(async () => {
      if (!(await this.collections.remove(workspaceId, id))) throw noCollection(id);
      const subject = `collection:${id}` as const;
      await this.audit.record({ workspaceId, actorId, action: 'collection.deleted', subject, outcome: 'ok' });
    });
    await this.contents.dropUnused(workspaceId);
  }

  /** The collection of this name, made when missing. */
  async named(workspaceId: string, name: string): Promise<Collection> {
    const found =
      (await this.collections.byName(workspaceId, name)) ??
      (await this.collections.insert(workspaceId, this.completed({ name }))) ??
      (await this.collections.byName(workspaceId, name));
    if (!found) throw conflict(`Collection "${name}" is being deleted. Repeat the request.`);
    return found;
  }

  /** Those of `names` that are no collections of the workspace. */
  missing(workspaceId: string, names: readonly string[]): Promise<readonly string[]> {
    return this.collections.missing(workspaceId, names);
  }

  private completed({ name, language = DEFAULT_LANGUAGE, embeddingModel = this.config.embeddingModel }: NewCollection) {
    this.models.get(embeddingModel);
    return { name, language, embeddingModel };
  }
}
