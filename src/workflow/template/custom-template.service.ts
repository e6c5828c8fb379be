import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { newId } from '../../platform/clock/id.js';
import { Database } from '../../platform/database/database.js';
import { etagOf, type ExpectedVersions } from '../../platform/http/etag.js';
import type { Principal } from '../../platform/http/principal.js';
import { preconditionFailed, validationFailed } from '../../platform/problem/http.errors.js';
import type { FieldFault, Problem } from '../../platform/problem/problem.js';
import { canonicalJson } from '../../platform/schema/canonical-json.js';
import { schemaFaults } from '../definition/schema-faults.js';
import { below, blueprintOfDefinition, contentFaults, derived, type Blueprint } from './blueprint.js';
import {
  FILE_FORMAT,
  FILE_VERSION,
  MAX_CHAIN,
  NamedTemplate,
  TemplateContent,
  TemplateFile,
} from './custom-template.js';
import { AuditLog } from '../../security/audit/audit.log.js';
import { TemplateCatalogue } from './template.catalogue.js';
import { builtInStays, nameTaken, noTemplate, othersExtend, tooManyTemplates, wouldBreak } from './template.errors.js';
import { TemplateRegistry } from './template.registry.js';
import { TemplateRepository, type TemplateRow } from './template.repository.js';

const MAX_TEMPLATES = 500;

/** The templates of a workspace as they are written: each change is a version that never changes again. */
@Injectable()
export class CustomTemplateService {
  constructor(
    private readonly database: Database,
    private readonly builtIns: TemplateRegistry,
    private readonly templates: TemplateRepository,
    private readonly catalogue: TemplateCatalogue,
    private readonly audit: AuditLog,
  ) {}

  /** Answers the name. @throws Problem validation-failed; conflict when the name is taken */
  async create(caller: Principal, given: unknown): Promise<string> {
    const template = parsed(NamedTemplate, given);
    await this.holding(caller, async () => {
      if ((await this.chain(caller, template.name)).length > 0) throw nameTaken(template.name);
      await this.insert(caller, template);
    });
    return template.name;
  }

  /** @throws Problem not-found, validation-failed, precondition-failed; conflict for what extends it and would not fit */
  async update(caller: Principal, name: string, given: unknown, expected: ExpectedVersions): Promise<void> {
    const content = parsed(TemplateContent, given);
    await this.holding(caller, async () => {
      const current = await this.open(caller, name);
      await this.demand(caller, name, content);
      const { workspaceId, userId } = caller;
      if (!(await this.templates.addVersion({ workspaceId, name, userId, content }, expected))) throw changed(current);
      await this.protectHeirs(caller, name);
      await this.note(caller, 'changed', name);
    });
  }

  /** @throws Problem not-found, precondition-failed; conflict when others extend it */
  async delete(caller: Principal, name: string, expected: ExpectedVersions): Promise<void> {
    await this.holding(caller, async () => {
      const current = await this.open(caller, name);
      const heirs = await this.templates.heirs(caller.workspaceId, name);
      if (heirs.length > 0) throw othersExtend(name, heirs);
      if (!(await this.templates.remove(caller.workspaceId, name, expected))) throw changed(current);
      await this.note(caller, 'deleted', name);
    });
  }

  /** A version of the template, after the custom ones it extends. @throws Problem not-found; conflict for a built-in one */
  async export({ workspaceId }: Principal, name: string, version?: number): Promise<TemplateFile> {
    if (this.builtIns.get(name)) throw builtInStays(name);
    const chain = await this.templates.chain({ workspaceId, name, version });
    if (chain.length === 0) throw noTemplate(name, version);
    const templates = chain.map((row) => ({ name: row.name, ...row.content })).toReversed();
    return { format: FILE_FORMAT, version: FILE_VERSION, templates };
  }

  /**
   * Makes what an exported file holds and the workspace lacks; answers the name of the template that was exported.
   * @throws Problem validation-failed; conflict when the workspace has another template of one of the names
   */
  async import(caller: Principal, given: unknown): Promise<string> {
    const { templates } = parsed(TemplateFile, given);
    await this.holding(caller, async () => {
      for (const [index, template] of templates.entries()) {
        const { name, ...content } = template;
        const [present] = await this.chain(caller, name);
        if (!present) await this.insert(caller, template, `/templates/${index}`);
        else if (canonicalJson(present.content) !== canonicalJson(content)) throw nameTaken(name);
      }
    });
    return templates.at(-1)?.name ?? '';
  }

  private note(
    { workspaceId, userId: actorId }: Principal,
    act: 'created' | 'changed' | 'deleted',
    name: string,
  ): Promise<void> {
    const subject = `template:${name}` as const;
    return this.audit.record({ workspaceId, actorId, action: `template.${act}`, subject, outcome: 'ok' });
  }

  private holding(caller: Principal, work: () => Promise<void>): Promise<void> {
    return this.database.transaction(async () => {
      await this.templates.hold(caller.workspaceId);
      await work();
    });
  }

  /** The newest version. @throws Problem not-found; conflict for a built-in one */
  private async open(caller: Principal, name: string): Promise<TemplateRow> {
    const [row] = await this.chain(caller, name);
    if (!row) throw noTemplate(name);
    return row;
  }

  /** @throws Problem conflict for the name of a built-in one */
  private chain({ workspaceId }: Principal, name: string): Promise<readonly TemplateRow[]> {
    if (this.builtIns.get(name)) throw builtInStays(name);
    return this.templates.chain({ workspaceId, name });
  }

  private async insert(caller: Principal, { name, ...content }: NamedTemplate, pointer = ''): Promise<void> {
    const { workspaceId, userId } = caller;
    if ((await this.templates.count(workspaceId)) >= MAX_TEMPLATES) throw tooManyTemplates(MAX_TEMPLATES);
    await this.demand(caller, name, content, pointer);
    await this.templates.insert(newId(), { workspaceId, name, userId, content });
    await this.note(caller, 'created', name);
  }

  /** @throws Problem validation-failed unless what the template says fits what it extends, or its own schema */
  private async demand(caller: Principal, name: string, content: TemplateContent, pointer = ''): Promise<void> {
    const faults = await this.faultsOf(caller, name, content);
    if (faults.length > 0) throw validationFailed(below(pointer, faults));
  }

  private async faultsOf(caller: Principal, name: string, content: TemplateContent): Promise<readonly FieldFault[]> {
    if (content.definition)
      return contentFaults(blueprintOfDefinition(content.definition, content), content, undefined);
    const base = await this.baseFor(caller, name, content.extends ?? '');
    if (typeof base === 'string') return [{ pointer: '/extends', detail: base }];
    return contentFaults(derived(base, content), content, base);
  }

  /** What template `name` extends by `base`, or why it cannot. */
  private async baseFor({ workspaceId }: Principal, name: string, base: string): Promise<Blueprint | string> {
    const builtIn = this.builtIns.get(base);
    if (builtIn) return builtIn.blueprint;
    const chain = await this.templates.chain({ workspaceId, name: base });
    const [row, ...ancestors] = chain;
    if (base === name || chain.some((ancestor) => ancestor.name === name)) return 'leads back to the template itself';
    if (!row) return `names no template of this workspace`;
    if (chain.length >= MAX_CHAIN) return `would make a chain of more than ${MAX_CHAIN} templates`;
    return this.catalogue.blueprintOf(row, ancestors);
  }

  /** @throws Problem conflict when templates that extend `name` do not fit its newest version */
  private async protectHeirs(caller: Principal, name: string): Promise<void> {
    const { workspaceId } = caller;
    const broken: string[] = [];
    for (const heir of await this.templates.heirs(workspaceId, name)) {
      const chain = await this.templates.chain({ workspaceId, name: heir });
      const content = chain[0]?.content;
      if (chain.length > MAX_CHAIN || !content || (await this.faultsOf(caller, heir, content)).length > 0)
        broken.push(heir);
    }
    if (broken.length > 0) throw wouldBreak(name, broken);
  }
}

function parsed<Value>(schema: z.ZodType<Value>, given: unknown): Value {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw validationFailed(schemaFaults(result.error.issues));
}

const changed = ({ name, latestVersion }: TemplateRow): Problem =>
  preconditionFailed(
    `Template "${name}" has changed since: its entity tag is ${etagOf(latestVersion)} now. Read it again and repeat the change.`,
    { headers: { ETag: etagOf(latestVersion) } },
  );
