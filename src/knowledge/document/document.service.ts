import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DOCUMENTS_TAG, TaggedCache } from '../../platform/cache/tagged-cache.js';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import { decodeCursor, toPage, type Page, type PageQuery } from '../../platform/http/page.js';
import type { Principal } from '../../platform/http/principal.js';
import { conflict, validationFailed } from '../../platform/problem/http.errors.js';
import type { FieldFault } from '../../platform/problem/problem.js';
import { WorkQueue } from '../../platform/queue/work-queue.js';
import { AuditLog } from '../../security/audit/audit.log.js';
import { DEFAULT_COLLECTION } from '../collection/collection.js';
import { CollectionService } from '../collection/collection.service.js';
import { noDocument } from '../knowledge.errors.js';
import { ContentStore } from './content-store.js';
import { toDocument, type KnowledgeDocument } from './document.js';
import { DocumentRepository, type ChunkRow, type DocumentFilter } from './document.repository.js';
import { DOCUMENT_TOPIC } from './document.processor.js';
import type { Upload } from './upload.js';

/** What a request says of a document: its text, or nothing of it beside an uploaded file. */
export interface DocumentInput {
  readonly title?: string;
  readonly content?: string;
  readonly collection?: string;
  readonly metadata?: object;
  readonly file?: string;
}

const INLINE_TYPE = 'text/markdown';
const MAX_TITLE = 500;

/** Documents belong to their workspace: every member reads them, editors change them. */
@Injectable()
export class DocumentService {
  constructor(
    private readonly documents: DocumentRepository,
    private readonly contents: ContentStore,
    private readonly collections: CollectionService,
    private readonly database: Database,
    private readonly queue: WorkQueue,
    private readonly cache: TaggedCache,
    private readonly audit: AuditLog,
  ) {}

  /** Takes a document in; it is worked on afterwards. @throws Problem validation-failed */
  async create(caller: Principal, input: DocumentInput, uploaded?: Upload): Promise<KnowledgeDocument> {
    refuseIncomplete(input, uploaded);
    const { workspaceId, userId } = caller;
    const id = newId();
    await this.database.transaction(async () => {
      const upload = uploaded ?? (await this.inline(workspaceId, input));
      const collection = await this.collections.named(workspaceId, input.collection ?? DEFAULT_COLLECTION);
      await this.documents.insert({
        id,
        workspaceId,
        collectionId: collection.id,
        contentId: await this.contents.adopt(workspaceId, upload.contentId, upload.sha256),
        createdBy: userId,
        title: (input.title ?? upload.name).trim().slice(0, MAX_TITLE).toWellFormed() || 'Untitled',
        mediaType: upload.mediaType,
        bytes: upload.bytes,
        metadata: input.metadata ?? {},
      });
      if (!uploaded) await this.contents.discard(upload.contentId);
      this.database.afterCommit(() => void this.queue.put(DOCUMENT_TOPIC, id));
    });
    return this.read(caller, id);
  }

  /** @throws Problem not-found */
  async read({ workspaceId }: Principal, id: string): Promise<KnowledgeDocument> {
    const row = await this.documents.find(workspaceId, id);
    if (!row) throw noDocument(id);
    return toDocument(row);
  }

  async list(
    { workspaceId }: Principal,
    { limit, cursor, ...filter }: PageQuery & DocumentFilter,
  ): Promise<Page<KnowledgeDocument>> {
    const before = cursor === undefined ? undefined : decodeCursor(cursor, ['id'])[0];
    const rows = await this.documents.list(workspaceId, { ...filter, before }, limit + 1);
    return toPage(rows, limit, ({ id }) => [id], toDocument);
  }

  /** In the order of the text. @throws Problem not-found */
  async chunks(caller: Principal, id: string, { limit, cursor }: PageQuery): Promise<Page<ChunkRow>> {
    await this.read(caller, id);
    const after = cursor === undefined ? -1 : Number(decodeCursor(cursor, ['integer'])[0]);
    const rows = await this.documents.chunks(caller.workspaceId, id, after, limit + 1);
    return toPage(
      rows,
      limit,
      ({ position }) => [position],
      (row) => row,
    );
  }

  /** With all it is found by. @throws Problem not-found */
  async delete({ workspaceId, userId: actorId }: Principal, id: string): Promise<void> {
    await this.database.transaction(async () => {
      if (!(await this.documents.remove(workspaceId, id))) throw noDocument(id);
      const subject = `document:${id}` as const;
      await this.audit.record({ workspaceId, actorId, action: 'document.deleted', subject, outcome: 'ok' });
    });
    await this.cache.invalidate(workspaceId, DOCUMENTS_TAG);
    await this.contents.dropUnused(workspaceId);
  }

  /** Until it is done, what it was found by before stays. @throws Problem not-found, conflict while it is processed */
  async reprocess(caller: Principal, id: string): Promise<KnowledgeDocument> {
    if (!(await this.documents.restart(caller.workspaceId, id))) {
      const { status } = await this.read(caller, id);
      throw conflict(`Document ${id} is ${status}: wait for its end, which GET /documents/${id}/events tells.`);
    }
    this.database.afterCommit(() => void this.queue.put(DOCUMENT_TOPIC, id));
    return this.read(caller, id);
  }

  private async inline(workspaceId: string, { title = '', content = '' }: DocumentInput): Promise<Upload> {
    const bytes = Buffer.from(content);
    const contentId = await this.contents.begin(workspaceId);
    await this.contents.append(contentId, 0, bytes);
    const sha256 = createHash('sha256').update(bytes).digest();
    return { contentId, sha256, bytes: bytes.length, name: title, mediaType: INLINE_TYPE };
  }
}

function refuseIncomplete({ title, content, file }: DocumentInput, uploaded: Upload | undefined): void {
  const missing = (pointer: string): FieldFault => ({ pointer, detail: 'must be given' });
  const faults = uploaded
    ? content === undefined
      ? []
      : [{ pointer: '/content', detail: 'must not be given with a file' }]
    : [
        ...(title === undefined ? [missing('/title')] : []),
        ...(content === undefined ? [missing('/content')] : []),
        ...(file === undefined ? [] : [{ pointer: '/file', detail: 'must be a file of a multipart body' }]),
      ];
  if (faults.length > 0) throw validationFailed(faults);
}
