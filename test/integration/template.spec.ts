import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { Database } from '../../src/platform/database/database.js';
import { PluginRegistry } from '../../src/platform/plugin/plugin.registry.js';
import type { Principal } from '../../src/platform/http/principal.js';
import { NodeRegistry } from '../../src/workflow/node/node.registry.js';
import { CustomTemplateService } from '../../src/workflow/template/custom-template.service.js';
import { RequirementSource, type RequirementKnowledge } from '../../src/workflow/template/requirement-source.js';
import { RequirementCheck } from '../../src/workflow/template/requirements.js';
import { TemplateCatalogue } from '../../src/workflow/template/template.catalogue.js';
import { TemplateRegistry } from '../../src/workflow/template/template.registry.js';
import { TemplateRepository } from '../../src/workflow/template/template.repository.js';
import { TemplateService } from '../../src/workflow/template/template.service.js';
import { CustomerSupportTemplate } from '../../src/workflow/template/templates/customer-support.template.js';
import { PlainTemplate } from '../../src/workflow/template/templates/plain.template.js';
import { WorkflowLibrary } from '../../src/workflow/library/workflow-library.js';
import { AuditLog } from '../../src/security/audit/audit.log.js';
import { auditRoom } from '../support/audit-room.js';
import { migratedDatabase, type MigratedDatabase } from '../support/migrated-database.js';

/** Keeps what it is told to make. */
class Drafts {
  readonly made: [Principal, { readonly name: string }][] = [];

  async create(caller: Principal, draft: { readonly name: string }): Promise<{ id: string; name: string }> {
    this.made.push([caller, draft]);
    return { id: '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b', name: draft.name };
  }
}

/** A server with every node type and the tools of customer support but one. */
@RequirementSource()
class Toolbox implements RequirementKnowledge {
  present = ['searchKnowledge', 'createTicket'];

  async missingTools(_: string, names: readonly string[]): Promise<readonly string[]> {
    return names.filter((name) => !this.present.includes(name));
  }
}

const statusOf = (act: PromiseSettledResult<unknown>): number =>
  act.status === 'fulfilled' ? 200 : (act.reason as { status: number }).status;

describe('templates of a workspace', () => {
  let migrated: MigratedDatabase;
  let module: TestingModule;
  let custom: CustomTemplateService;
  let templates: TemplateService;
  let repository: TemplateRepository;
  let caller: Principal;

  beforeAll(async () => {
    migrated = await migratedDatabase('template');
    @Module({
      imports: [DiscoveryModule],
      providers: [
        { provide: Database, useValue: migrated.database },
        { provide: AuditLog, useValue: auditRoom(migrated).log },
        { provide: NodeRegistry, useValue: { isUsable: () => true } },
        { provide: WorkflowLibrary, useClass: Drafts },
        CustomerSupportTemplate,
        CustomTemplateService,
        PlainTemplate,
        PluginRegistry,
        RequirementCheck,
        TemplateCatalogue,
        TemplateRegistry,
        TemplateRepository,
        TemplateService,
        Toolbox,
      ],
    })
    class TemplatesModule {}
    module = await Test.createTestingModule({ imports: [TemplatesModule] }).compile();
    await module.init();
    custom = module.get(CustomTemplateService);
    templates = module.get(TemplateService);
    repository = module.get(TemplateRepository);
  });

  const newcomer = async (): Promise<Principal> => ({
    ...(await migrated.tenant()),
    role: 'editor',
    isSystemAdmin: false,
  });

  beforeEach(async () => {
    caller = await newcomer();
  });

  afterAll(async () => {
    await module.close();
    await migrated.drop();
  });

  const create = (name: string, base: string, parameters: object = {}, more: object = {}) =>
    custom.create(caller, { name, extends: base, parameters, ...more });
  const window = async (reference: string): Promise<unknown> => {
    const [, name = '', version] = /^(\w+)(?:@(\d+))?$/.exec(reference) ?? [];
    const workflow = { name, ...(version !== undefined && { version: Number(version) }) };
    const found = await templates.find(caller.workspaceId, workflow, {});
    const [memory] = found?.definition.kind === 'graph' ? found.definition.nodes : [];
    return memory?.config.window;
  };

  it('are found by name and by version, each version as it was made', async () => {
    await create('house', 'plain', { memoryWindow: 5 });
    await custom.update(caller, 'house', { extends: 'plain', parameters: { memoryWindow: 6 } }, undefined);
    await custom.update(caller, 'house', { extends: 'plain' }, undefined);
    expect([await window('house'), await window('house@1'), await window('house@2'), await window('house@3')]).toEqual([
      20, 5, 6, 20,
    ]);
    const found = await templates.find(caller.workspaceId, { name: 'house', version: 2 }, { memoryWindow: 9 });
    expect(found).toMatchObject({ name: 'house', version: 2, parameters: { memoryWindow: 9, memory: true } });
    await expect(window('house@4')).rejects.toMatchObject({ status: 404, type: { slug: 'workflow-unknown' } });
    const draft = templates.find(caller.workspaceId, { name: 'house', version: 'draft' }, {});
    await expect(draft).rejects.toMatchObject({ type: { slug: 'workflow-unknown' } });
    await expect(window('plain@1')).rejects.toMatchObject({ type: { slug: 'workflow-unknown' } });
    expect(await window('nothing')).toBeUndefined();
  });

  it('inherit through a chain from the newest version of each ancestor', async () => {
    await create('a', 'plain', { memoryWindow: 5, temperature: 0.1 });
    await create('b', 'a', { temperature: 0.2 });
    await create('c', 'b', { maxTokens: 7 });
    const { defaults } = await templates.show(caller, 'c');
    expect(defaults).toEqual({ memory: true, memoryWindow: 5, temperature: 0.2, maxTokens: 7 });
    await custom.update(caller, 'a', { extends: 'plain', parameters: { memoryWindow: 8 } }, undefined);
    expect(await window('c')).toBe(8);
  });

  it('make a chain of five at most, and no circle', async () => {
    await create('t1', 'plain');
    for (const n of [2, 3, 4, 5]) await create(`t${n}`, `t${n - 1}`);
    await expect(create('t6', 't5')).rejects.toMatchObject({ extensions: { errors: [{ pointer: '/extends' }] } });
    await expect(custom.update(caller, 't1', { extends: 't5' }, undefined)).rejects.toMatchObject({ status: 422 });
    await expect(custom.update(caller, 't3', { extends: 't3' }, undefined)).rejects.toMatchObject({ status: 422 });
    await create('root', 'plain');
    const lengthened = custom.update(caller, 't1', { extends: 'root' }, undefined);
    await expect(lengthened).rejects.toMatchObject({ status: 409, extensions: { extendedBy: ['t5'] } });
    expect((await templates.show(caller, 't1')).version).toBe(1);
  });

  it('are not changed into what their heirs do not fit', async () => {
    await create('support', 'customer_support');
    await create('night', 'support', { maxToolCalls: 2 });
    await create('calm', 'support', { memoryWindow: 2 });
    const narrowed = custom.update(caller, 'support', { extends: 'plain' }, undefined);
    await expect(narrowed).rejects.toMatchObject({ status: 409, extensions: { extendedBy: ['night'] } });
    const locking = { extends: 'customer_support', parameters: { memoryWindow: 9 }, locked: ['memoryWindow'] };
    const locked = custom.update(caller, 'support', locking, undefined);
    await expect(locked).rejects.toMatchObject({ status: 409, extensions: { extendedBy: ['calm'] } });
  });

  it('are deleted with their versions, but not while others extend them', async () => {
    await create('a', 'plain');
    await create('b', 'a');
    await create('c', 'b');
    const refused = custom.delete(caller, 'a', undefined);
    await expect(refused).rejects.toMatchObject({ status: 409, extensions: { extendedBy: ['b', 'c'] } });
    for (const name of ['c', 'b', 'a']) await custom.delete(caller, name, undefined);
    expect(await window('a')).toBeUndefined();
    const rows = await migrated.sql(
      'SELECT 1 FROM template_version v JOIN template t ON t.id = template_id WHERE workspace_id = $1',
      [caller.workspaceId],
    );
    expect(rows).toEqual([]);
  });

  it('say what is gone when an old version extends a template that was deleted', async () => {
    await create('a', 'plain');
    await create('b', 'a');
    await custom.update(caller, 'b', { extends: 'plain' }, undefined);
    await custom.delete(caller, 'a', undefined);
    expect(await window('b')).toBe(20);
    await expect(window('b@1')).rejects.toMatchObject({
      type: { slug: 'requirements-unmet' },
      extensions: { missingTemplates: ['a'] },
    });
  });

  describe('written by several at once', () => {
    it('one of two of the same name is refused', async () => {
      const acts = await Promise.allSettled([1, 2, 3].map(() => create('same', 'plain')));
      expect(acts.map(statusOf).sort()).toEqual([200, 409, 409]);
    });

    it('make no circle', async () => {
      await create('a', 'plain');
      await create('b', 'plain');
      const acts = await Promise.allSettled([
        custom.update(caller, 'a', { extends: 'b' }, undefined),
        custom.update(caller, 'b', { extends: 'a' }, undefined),
      ]);
      expect(acts.map(statusOf).sort()).toEqual([200, 422]);
    });

    it('lose no base that one begins to extend', async () => {
      await create('a', 'plain');
      const acts = await Promise.allSettled([custom.delete(caller, 'a', undefined), create('b', 'a')]);
      expect([
        [200, 422],
        [409, 200],
      ]).toContainEqual(acts.map(statusOf));
    });

    it('number their versions without a gap; one of two with the same expectation wins', async () => {
      await create('a', 'plain');
      const updates = [1, 2, 3, 4].map((n) =>
        custom.update(caller, 'a', { extends: 'plain', title: `${n}` }, undefined),
      );
      await Promise.all(updates);
      expect((await templates.show(caller, 'a')).version).toBe(5);
      const acts = await Promise.allSettled([1, 2].map(() => custom.update(caller, 'a', { extends: 'plain' }, [5])));
      expect(acts.map(statusOf).sort()).toEqual([200, 412]);
      expect(await custom.delete(caller, 'a', [5]).catch((error: { status: number }) => error.status)).toBe(412);
    });
  });

  it('belong to their workspace', async () => {
    await create('mine', 'plain');
    const stranger = await newcomer();
    expect(await templates.find(stranger.workspaceId, { name: 'mine' }, {})).toBeUndefined();
    expect(await repository.list(stranger.workspaceId, null, 10)).toEqual([]);
    const acts = await Promise.allSettled([
      templates.show(stranger, 'mine'),
      custom.update(stranger, 'mine', { extends: 'plain' }, undefined),
      custom.delete(stranger, 'mine', undefined),
      custom.export(stranger, 'mine'),
      templates.instantiate(stranger, 'mine', { name: 'x' }),
    ]);
    expect(acts.map(statusOf)).toEqual([404, 404, 404, 404, 404]);
    expect(statusOf((await Promise.allSettled([custom.create(stranger, { name: 'heir', extends: 'mine' })]))[0])).toBe(
      422,
    );
    expect(await custom.create(stranger, { name: 'mine', extends: 'plain' })).toBe('mine');
  });

  it('list after the built-in ones, each exactly once on pages of any size', async () => {
    for (const name of ['b', 'a_1', 'a-1', 'a']) await create(name, 'plain');
    const all = (await templates.list(caller, { limit: 100 })).items.map(({ name }) => name);
    expect(all.slice(0, 2)).toEqual(['customer_support', 'plain']);
    expect(all.slice(2).sort()).toEqual(['a', 'a-1', 'a_1', 'b']);
    for (const limit of [1, 2, 3, 6]) {
      const paged: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await templates.list(caller, { limit, cursor });
        paged.push(...page.items.map(({ name }) => name));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined && paged.length < 50);
      expect(paged).toEqual(all);
    }
  });

  it('come back from a file as they were, in any workspace, with what they extend', async () => {
    const definition = { kind: 'graph', nodes: [{ id: 'm', type: 'model', config: { system: 'Be {{input.tone}}.' } }] };
    const properties = { zone: { type: 'string' }, tone: { type: 'string', default: 'dry' } };
    await custom.create(caller, { name: 'base', definition, parameterSchema: { type: 'object', properties } });
    await create('heir', 'base', { tone: 'warm' }, { title: 'Heir', locked: ['tone'] });
    const file = await custom.export(caller, 'heir');
    expect(file.templates.map(({ name }) => name)).toEqual(['base', 'heir']);
    const stranger = await newcomer();
    expect(await custom.import(stranger, JSON.parse(JSON.stringify(file)))).toBe('heir');
    expect(JSON.stringify(await custom.export(stranger, 'heir'))).toBe(JSON.stringify(file));
    const content = ({
      name,
      title,
      defaults,
      locked,
      parameterSchema,
      definition: own,
    }: object & Record<string, unknown>) => ({
      name,
      title,
      defaults,
      locked,
      parameterSchema,
      own,
    });
    expect(content({ ...(await templates.show(stranger, 'heir')) })).toEqual(
      content({ ...(await templates.show(caller, 'heir')) }),
    );

    expect(await custom.import(stranger, file)).toBe('heir');
    expect((await templates.show(stranger, 'heir')).version).toBe(1);
    await custom.update(stranger, 'heir', { extends: 'base' }, undefined);
    await expect(custom.import(stranger, file)).rejects.toMatchObject({ status: 409 });
  });

  it('import a whole file or nothing of it', async () => {
    const file = {
      format: 'chatter-template',
      version: 1,
      templates: [
        { name: 'fine', extends: 'plain' },
        { name: 'faulty', extends: 'fine', parameters: { memoryWindow: 1000 } },
      ],
    };
    await expect(custom.import(caller, file)).rejects.toMatchObject({
      extensions: { errors: [{ pointer: '/templates/1/parameters/memoryWindow' }] },
    });
    expect(await window('fine')).toBeUndefined();
  });

  describe('that need what is not there', () => {
    it('say so when they are read, and are neither run nor instantiated', async () => {
      const unmet = { met: false, missingTools: ['escalate'], missingCollections: [], missingNodeTypes: [] };
      expect((await templates.show(caller, 'customer_support')).requirements).toEqual(unmet);
      const drafts = module.get<unknown>(WorkflowLibrary) as Drafts;
      const before = drafts.made.length;
      for (const act of [
        templates.find(caller.workspaceId, { name: 'customer_support' }, {}),
        templates.instantiate(caller, 'customer_support', { name: 'x' }),
      ]) {
        await expect(act).rejects.toMatchObject({
          type: { slug: 'requirements-unmet' },
          detail: expect.stringContaining('escalate'),
          extensions: { missingTools: ['escalate'] },
        });
      }
      expect(drafts.made.length).toBe(before);
    });

    it('are fine with what is there', async () => {
      await create('support', 'customer_support', { tools: ['createTicket'] });
      expect((await templates.show(caller, 'support')).requirements.met).toBe(true);
      expect(await templates.find(caller.workspaceId, { name: 'customer_support' }, { tools: '*' })).toBeDefined();
    });
  });

  it('are instantiated as a definition that holds its texts as data', async () => {
    await create('house', 'plain', { memoryWindow: 5 });
    const systemMessage = 'Say {{input.message}}.';
    const made = await templates.instantiate(caller, 'house@1', {
      name: 'night-shift',
      description: 'At night.',
      parameters: { systemMessage },
    });
    expect(made).toEqual({ id: expect.any(String), name: 'night-shift' });
    const drafts = module.get<unknown>(WorkflowLibrary) as Drafts;
    expect(drafts.made.at(-1)).toEqual([
      caller,
      {
        name: 'night-shift',
        description: 'At night.',
        definition: expect.objectContaining({
          kind: 'graph',
          name: 'night-shift',
          input: { type: 'object', properties: { systemMessage: expect.objectContaining({ default: systemMessage }) } },
          nodes: [
            { id: 'memory', type: 'memory', config: { window: 5 } },
            { id: 'model', type: 'model', config: { system: '{{input.systemMessage}}' } },
          ],
        }),
      },
    ]);
    await expect(
      templates.instantiate(caller, 'house', { name: 'x', parameters: { memoryWindow: 0 } }),
    ).rejects.toMatchObject({
      extensions: { errors: [{ pointer: '/parameters/memoryWindow' }] },
    });
  });
});
