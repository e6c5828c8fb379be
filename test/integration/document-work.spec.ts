import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { newId } from '../../src/platform/clock/id.js';
import type { TaggedCache } from '../../src/platform/cache/tagged-cache.js';
import type { Lifecycle } from '../../src/platform/health/lifecycle.js';
import type { WorkQueue } from '../../src/platform/queue/work-queue.js';
import type { ChunkStore } from '../../src/knowledge/document/chunk-store.js';
import { ContentStore } from '../../src/knowledge/document/content-store.js';
import { DocumentWorkRepository } from '../../src/knowledge/document/document-work.repository.js';
import { ClaimLost, DocumentIndexer } from '../../src/knowledge/document/document-indexer.js';
import { DocumentRepository } from '../../src/knowledge/document/document.repository.js';
import { DocumentProcessor } from '../../src/knowledge/document/document.processor.js';
import { Places } from '../../src/knowledge/document/places.js';
import type { Embeddings } from '../../src/knowledge/embedding/embeddings.js';
import type { DocumentParser } from '../../src/knowledge/parse/document-parser.js';
import type { VectorTable } from '../../src/knowledge/search/vector-table.js';
import { KnowledgeConfig } from '../../src/knowledge/knowledge.config.js';
import { documentUnreadable } from '../../src/knowledge/knowledge.errors.js';
import { modelUnavailable } from '../../src/llm/llm.errors.js';
import { migratedDatabase, type MigratedDatabase } from '../support/migrated-database.js';

const { signal } = new AbortController();
const away = () => Object.assign(new Error('terminating connection'), { code: '57P01' });

describe('the work on documents', () => {
  let migrated: MigratedDatabase;
  let work: DocumentWorkRepository;
  let contents: ContentStore;
  let workspaceId: string;
  let collectionId: string;
  let index: DocumentIndexer['index'];

  beforeAll(async () => {
    migrated = await migratedDatabase('document_work');
    work = new DocumentWorkRepository(migrated.database);
    contents = new ContentStore(migrated.database);
    ({ workspaceId } = await migrated.tenant());
    collectionId = newId();
    await migrated.sql(
      `INSERT INTO collection (id, workspace_id, name, language, embedding_model) VALUES ($1, $2, 'c', 'simple', 'local:hashing')`,
      [collectionId, workspaceId],
    );
  });
  afterAll(() => migrated.drop());

  beforeEach(() => {
    index = async (document) => {
      await work.ready(document, 1);
    };
  });

  const add = async (text = 'Text'): Promise<string> => {
    const id = newId();
    await migrated.database.transaction(async () => {
      const own = await contents.begin(workspaceId);
      await contents.append(own, 0, Buffer.from(text));
      const kept = await contents.adopt(workspaceId, own, Buffer.from(text.padEnd(32)));
      await contents.discard(own);
      await migrated.database.query(
        `INSERT INTO document (id, workspace_id, collection_id, content_id, created_by, title, media_type, bytes)
         VALUES ($1, $2, $3, $4, $1, 'T', 'text/plain', 4)`,
        [id, workspaceId, collectionId, kept],
      );
    });
    return id;
  };
  const processor = () =>
    new DocumentProcessor(
      work,
      { index: (...asked: Parameters<DocumentIndexer['index']>) => index(...asked) } as DocumentIndexer,
      contents,
      { put: async () => true } as unknown as WorkQueue,
      { invalidate: async () => true } as unknown as TaggedCache,
      new Places({ isDraining: false } as Lifecycle, new KnowledgeConfig({})),
    );
  const indexer = (replace: ChunkStore['replace'], prepare = async () => undefined as unknown) =>
    new DocumentIndexer(
      contents,
      { parse: async () => ({ text: 'Text', form: 'markdown' }) } as unknown as DocumentParser,
      { batchOf: () => 10, passages: async () => [{ vector: new Float32Array(1) }] } as unknown as Embeddings,
      { replace } as ChunkStore,
      { prepare } as unknown as VectorTable,
      work,
      migrated.database,
    );
  const stateOf = async (id: string) =>
    (
      await migrated.sql<{ status: string; attempt: number; problem: { type: string } | null }>(
        'SELECT status, attempt, problem FROM document WHERE id = $1',
        [id],
      )
    )[0]!;
  /** As if time had passed. */
  const later = (id: string) =>
    migrated.sql(
      `UPDATE document SET claimed_until = now() - interval '1 s', due_at = now() - interval '1 s' WHERE id = $1`,
      [id],
    );

  const hinderedFor = (id: string, time: string) =>
    migrated.sql('UPDATE document SET hindered_since = now() - $2::interval WHERE id = $1', [id, time]);

  it('is one process’s at a time', async () => {
    const id = await add();
    const claims = await Promise.all([1, 2, 3, 4].map(() => work.claim(id, 30_000)));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await work.due(100)).not.toContain(id);
  });

  it('of a process that was killed is taken up again, and the old one can write nothing', async () => {
    const id = await add();
    const old = await work.claim(id, 30_000);
    await later(id);
    expect(await work.due(100)).toContain(id);
    const next = await work.claim(id, 30_000);
    expect(next).toMatchObject({ attempt: 2 });
    expect(await work.progress(old!, 30_000, { done: 1, total: 2 })).toBe(false);
    expect(await work.ready(old!, 5)).toBe(false);
    await work.failed(old!, documentUnreadable('x').body());
    expect(await stateOf(id)).toMatchObject({ status: 'processing', problem: null });
    expect(await work.ready(next!, 5)).toBe(true);
  });

  it('fails when three processes have died of it', async () => {
    const id = await add();
    for (let attempt = 1; attempt <= 3; attempt++) {
      expect(await work.claim(id, 30_000)).toMatchObject({ attempt });
      await later(id);
    }
    await processor().handle(id, signal);
    expect(await stateOf(id)).toMatchObject({ status: 'failed', problem: { type: '/problems/document-failed' } });
  });

  it('is tried three times when something else is wrong, and once when the document is', async () => {
    const [unlucky, unreadable] = [await add(), await add()];
    index = () => Promise.reject(new Error('password=hunter2'));
    for (let attempt = 1; attempt <= 3; attempt++) {
      await processor().handle(unlucky, signal);
      expect(await stateOf(unlucky)).toMatchObject({ status: attempt < 3 ? 'pending' : 'failed', attempt });
      await later(unlucky);
    }
    expect(JSON.stringify(await stateOf(unlucky))).not.toContain('hunter2');
    index = () => Promise.reject(documentUnreadable('The PDF is encrypted.'));
    await processor().handle(unreadable, signal);
    expect(await stateOf(unreadable)).toMatchObject({ status: 'failed', attempt: 1 });
  });

  it.each([
    ['the database', away],
    ['the model', () => modelUnavailable('It cannot be reached.')],
  ])('is not tried less often because %s was away, for ten minutes', async (_, fault) => {
    const id = await add();
    index = () => Promise.reject(new Error('unforeseen'));
    for (let attempt = 1; attempt <= 2; attempt++) {
      await processor().handle(id, signal);
      await later(id);
    }
    index = () => Promise.reject(fault());
    for (let times = 1; times <= 4; times++) {
      await processor().handle(id, signal);
      expect(await stateOf(id)).toMatchObject({ status: 'pending', attempt: 2, problem: null });
      expect(await work.due(100)).not.toContain(id);
      await later(id);
    }
    await hinderedFor(id, '11 min');
    await processor().handle(id, signal);
    expect(await stateOf(id)).toMatchObject({ status: 'failed', attempt: 3 });
    expect(await new DocumentRepository(migrated.database).restart(workspaceId, id)).toBe(true);
    await processor().handle(id, signal);
    expect(await stateOf(id)).toMatchObject({ status: 'pending', attempt: 0 });
  });

  it('waits the longer the longer it is hindered', async () => {
    const id = await add();
    index = () => Promise.reject(away());
    await processor().handle(id, signal);
    await later(id);
    await hinderedFor(id, '30 s');
    await processor().handle(id, signal);
    const [row] = await migrated.sql<{ pause: number }>(
      'SELECT extract(epoch FROM due_at - now())::float8 AS pause FROM document WHERE id = $1',
      [id],
    );
    expect(row!.pause).toBeGreaterThan(20);
    expect(row!.pause).toBeLessThan(60);
  });

  it('counts no attempt either when the database is away until it can be told', async () => {
    const id = await add();
    index = () => Promise.reject(away());
    const cut = jest.spyOn(work, 'postpone').mockRejectedValueOnce(away());
    await processor().handle(id, signal);
    cut.mockRestore();
    expect(await stateOf(id)).toMatchObject({ status: 'pending', attempt: 0 });
  });

  it('is given back when the process stops, and the attempt does not count', async () => {
    const id = await add();
    const stop = new AbortController();
    index = async (_, __, asked) => {
      stop.abort(new Error('The process shuts down.'));
      asked.throwIfAborted();
    };
    await processor().handle(id, stop.signal);
    expect(await stateOf(id)).toMatchObject({ status: 'pending', attempt: 0 });
    expect(await work.due(100)).toContain(id);
  });

  it('is let go without a word when the document was deleted meanwhile', async () => {
    const id = await add();
    index = async () => {
      await migrated.sql('DELETE FROM document WHERE id = $1', [id]);
      throw new ClaimLost();
    };
    await expect(processor().handle(id, signal)).resolves.toBeUndefined();
  });

  it('is dated when its chunks are stored, however long that takes: readers look only so far back', async () => {
    const id = await add();
    let storedAt: string | undefined;
    const replace = async () => {
      await sleep(50);
      storedAt = (await migrated.database.one<{ at: string }>('SELECT clock_timestamp()::text AS at'))?.at;
      await sleep(50);
    };
    await indexer(replace).index((await work.claim(id, 30_000))!, 30_000, signal);
    const [row] = await migrated.sql(
      'SELECT status, updated_at >= $2::timestamptz AS "isDatedLater" FROM document WHERE id = $1',
      [id, storedAt],
    );
    expect(row).toEqual({ status: 'ready', isDatedLater: true });
  });

  it('stores no chunks for a claim that was lost', async () => {
    const id = await add();
    const old = (await work.claim(id, 30_000))!;
    const replace = jest.fn(async () => undefined);
    const loseClaim = async () => {
      await later(id);
      return work.claim(id, 30_000);
    };
    await expect(indexer(replace, loseClaim).index(old, 30_000, signal)).rejects.toThrow(ClaimLost);
    expect(replace).not.toHaveBeenCalled();
  });

  it('keeps equal bytes once, and drops them with their last document', async () => {
    const count = async () =>
      (
        await migrated.sql<{ n: number }>('SELECT count(*)::int AS n FROM document_content WHERE workspace_id = $1', [
          workspaceId,
        ])
      )[0]!.n;
    const before = await count();
    const twins = await Promise.all([add('Twin'), add('Twin')]);
    expect(await count()).toBe(before + 1);
    for (const [gone, id] of twins.entries()) {
      await migrated.sql('DELETE FROM document WHERE id = $1', [id]);
      await contents.dropUnused(workspaceId);
      expect(await count()).toBe(gone === 0 ? before + 1 : before);
    }
  });
});
