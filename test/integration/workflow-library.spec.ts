import { newId } from '../../src/platform/clock/id.js';
import { Problem } from '../../src/platform/problem/problem.js';
import { Definition } from '../../src/workflow/definition/definition.js';
import { definitionHash } from '../../src/workflow/definition/definition-hash.js';
import { LibraryWorkflows } from '../../src/workflow/library/library-workflows.source.js';
import { VersionRepository } from '../../src/workflow/library/version.repository.js';
import { WorkflowRepository } from '../../src/workflow/library/workflow.repository.js';
import { migratedDatabase, type MigratedDatabase } from '../support/migrated-database.js';

type Tenant = Awaited<ReturnType<MigratedDatabase['tenant']>>;

const hashed = (title: string) => {
  const definition = Definition.parse({ kind: 'graph', nodes: [{ id: 'a', type: 'set', title }] });
  return { definition, hash: definitionHash(definition) };
};
const DRAFT = hashed('draft');

describe('the tables of stored workflows', () => {
  let migrated: MigratedDatabase;
  let workflows: WorkflowRepository;
  let versions: VersionRepository;
  let tenant: Tenant;

  beforeAll(async () => {
    migrated = await migratedDatabase('library');
    workflows = new WorkflowRepository(migrated.database);
    versions = new VersionRepository(migrated.database);
  });
  beforeEach(async () => {
    tenant = await migrated.tenant();
  });
  afterAll(() => migrated.drop());

  const insert = (name: string, { workspaceId, userId } = tenant) =>
    workflows.insert({
      id: newId(),
      workspaceId,
      createdBy: userId,
      name,
      description: undefined,
      tags: [],
      ...DRAFT,
    });
  const stored = async (name = 'triage') => {
    const { id } = (await insert(name))!.workflow;
    return { workspaceId: tenant.workspaceId, id };
  };
  const publish = (key: { workspaceId: string; id: string }, { hash } = DRAFT, expected?: readonly number[]) =>
    versions.publish({ ...key, hash, note: undefined, publishedBy: tenant.userId }, expected);

  it('take a name once in a workspace, of many that come at once, and again when it is free', async () => {
    const made = await Promise.all(Array.from({ length: 10 }, () => insert('triage')));
    const [only, ...others] = made.filter((each) => each !== undefined);
    expect(others).toEqual([]);
    expect(await insert('triage', await migrated.tenant())).toBeDefined();
    const key = { workspaceId: tenant.workspaceId, id: only!.workflow.id };
    expect(await workflows.hide(key, undefined)).toBe(true);
    expect(await insert('triage')).toBeDefined();
    const other = await stored('other');
    await expect(workflows.update(other, { name: 'triage' }, undefined)).rejects.toMatchObject({ status: 409 });
  });

  describe('a publication', () => {
    it('of 20 at once each makes a version of its own, from 1 to 20, and the last one is published', async () => {
      const key = await stored();
      const made = await Promise.all(Array.from({ length: 20 }, () => publish(key)));
      const numbers = made.map((version) => version!.version);
      expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
      expect((await workflows.find(key))!).toMatchObject({
        workflow: { publishedVersion: 20, latestVersion: 20 },
        revision: 21,
      });
    });

    it('that is undone leaves no gap', async () => {
      const key = await stored();
      const undone = migrated.database.transaction(async () => {
        await publish(key);
        throw new Error('undone');
      });
      await expect(undone).rejects.toThrow('undone');
      expect((await publish(key))!.version).toBe(1);
    });

    it('is of the draft that was checked, never of another', async () => {
      const key = await stored();
      await workflows.saveDraft(key, hashed('changed'), undefined);
      expect(await publish(key)).toBeUndefined();
      expect(await versions.list(key, undefined, 10)).toEqual([]);
      expect((await publish(key, hashed('changed')))!.definition).toEqual(hashed('changed').definition);
    });

    it('may ask for the revision it was made from: of 20 at once, one is made', async () => {
      const key = await stored();
      const made = await Promise.all(Array.from({ length: 20 }, () => publish(key, DRAFT, [1])));
      expect(made.filter((version) => version !== undefined)).toMatchObject([{ version: 1 }]);
    });

    it('keeps its definition whatever becomes of the draft', async () => {
      const key = await stored();
      const version = await publish(key);
      await workflows.saveDraft(key, hashed('changed'), undefined);
      expect(await versions.find(key, 1)).toEqual(version);
      expect(definitionHash(version!.definition)).toBe(version!.hash);
    });
  });

  it('point to a version that is there, and to no other', async () => {
    const key = await stored();
    await publish(key);
    await publish(key);
    expect((await workflows.point(key, 1, undefined))!.workflow).toMatchObject({
      publishedVersion: 1,
      latestVersion: 2,
    });
    expect(await workflows.point(key, 3, undefined)).toBeUndefined();
    expect(await workflows.point(key, 2, [1])).toBeUndefined();
    await expect(migrated.sql('UPDATE workflow SET published_version = 3 WHERE id = $1', [key.id])).rejects.toThrow(
      'workflow_points_to_version',
    );
    expect((await publish(key))!.version).toBe(3);
  });

  it('show nothing to another workspace', async () => {
    const key = await stored();
    await publish(key);
    const foreign = { ...key, workspaceId: (await migrated.tenant()).workspaceId };
    expect(
      [
        await workflows.find(foreign),
        await workflows.update(foreign, { name: 'x' }, undefined),
        await workflows.saveDraft(foreign, DRAFT, undefined),
        await workflows.point(foreign, 1, undefined),
        await workflows.hide(foreign, undefined),
        await publish(foreign),
        await versions.find(foreign, 1),
        await versions.list(foreign, undefined, 10),
        await versions.byId(foreign, undefined),
        await versions.byId(foreign, 'draft'),
        await versions.byName(foreign.workspaceId, 'triage', undefined),
        await versions.byName(foreign.workspaceId, 'triage', 'draft'),
      ].filter((seen) => seen !== undefined),
    ).toEqual([false, []]);
    expect((await workflows.find(key))!.revision).toBe(2);
  });

  it('go with their workspace', async () => {
    const key = await stored();
    await publish(key);
    await migrated.sql('DELETE FROM workspace WHERE id = $1', [key.workspaceId]);
    expect(await migrated.sql('SELECT version FROM workflow_version WHERE workflow_id = $1', [key.id])).toEqual([]);
  });

  describe('as a place that workflows come from', () => {
    const find = async (name: string, version?: number | 'draft') => {
      const found = await new LibraryWorkflows(versions).find(tenant.workspaceId, { name, version });
      return (
        found && [found.name, found.version, found.definition.kind === 'graph' && found.definition.nodes[0]!.title]
      );
    };
    const refusal = async (name: string, version?: number) => {
      const error: unknown = await find(name, version).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      return error instanceof Problem && [error.type.slug, error.status, error.detail];
    };

    it('answer by name and by id: what is published, a version, the draft', async () => {
      const key = await stored();
      await publish(key);
      await workflows.saveDraft(key, hashed('second'), undefined);
      await publish(key, hashed('second'));
      await workflows.saveDraft(key, hashed('third'), undefined);
      for (const name of ['triage', key.id, key.id.toUpperCase()]) {
        expect(await find(name)).toEqual(['triage', 2, 'second']);
        expect(await find(name, 1)).toEqual(['triage', 1, 'draft']);
        expect(await find(name, 'draft')).toEqual(['triage', undefined, 'third']);
      }
      await workflows.point(key, 1, undefined);
      expect(await find('triage')).toEqual(['triage', 1, 'draft']);
      await workflows.hide(key, undefined);
      expect([await find('triage'), await find(key.id), await find('triage', 'draft')]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    });

    it('have none of a name they do not know', async () => {
      expect([await find('nope'), await find(newId()), await find('nope', 1)]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    });

    it('name the remedy when nothing is published, and what there is when a version is missing', async () => {
      const key = await stored();
      expect(await refusal('triage')).toEqual([
        'workflow-unpublished',
        409,
        `Workflow "triage" was never published. POST /api/v1/workflows/${key.id}/publish, or name its draft: "triage@draft".`,
      ]);
      expect(await refusal(key.id, 1)).toEqual([
        'workflow-unknown',
        404,
        'Workflow "triage" has no version 1; nothing is published yet.',
      ]);
      await publish(key);
      expect(await refusal('triage', 2)).toEqual([
        'workflow-unknown',
        404,
        'Workflow "triage" has no version 2; its newest is 1.',
      ]);
    });
  });
});
