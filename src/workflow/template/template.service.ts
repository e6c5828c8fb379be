import { Injectable } from '@nestjs/common';
import { decodeCursor, encodeCursor, type Page, type PageQuery } from '../../platform/http/page.js';
import type { Principal } from '../../platform/http/principal.js';
import { validationFailed } from '../../platform/problem/http.errors.js';
import type { Definition } from '../definition/definition.js';
import { messageFaults } from '../definition/input-message.js';
import {
  nameOf,
  WorkflowSource,
  type ResolvedWorkflow,
  type ResolveOptions,
  type WorkflowName,
  type Workflows,
} from '../workflow-resolver.js';
import { workflowUnknown } from '../workflow.errors.js';
import type { Workflow } from '../library/workflow.js';
import { WorkflowLibrary } from '../library/workflow-library.js';
import { below, parameterSchemaOf, settled, type Blueprint } from './blueprint.js';
import type { Members } from './parameter-rules.js';
import { RequirementCheck } from './requirements.js';
import { TemplateCatalogue, type FoundTemplate } from './template.catalogue.js';
import { noTemplate } from './template.errors.js';
import { TemplateRegistry } from './template.registry.js';
import { TemplateRepository } from './template.repository.js';
import {
  summaryOfBuiltIn,
  summaryOfRow,
  type ParameterCheck,
  type TemplateSummary,
  type TemplateView,
} from './template.view.js';

/** What any chat turn may carry: a template that has no such parameter goes without it. */
const TURN_PARAMETERS: ReadonlySet<string> = new Set([
  'model',
  'systemMessage',
  'temperature',
  'maxTokens',
  'memoryWindow',
  'tools',
  'collections',
  'documentIds',
]);

interface Built {
  readonly definition: Definition;
  readonly parameters: Members;
}

export interface Instantiation {
  readonly name: string;
  readonly description?: string;
  readonly parameters?: Members;
}

/** Templates as they are read and used; the source of the workflows they make. */
@Injectable()
@WorkflowSource()
export class TemplateService implements Workflows {
  constructor(
    private readonly builtIns: TemplateRegistry,
    private readonly templates: TemplateRepository,
    private readonly catalogue: TemplateCatalogue,
    private readonly requirements: RequirementCheck,
    private readonly workflows: WorkflowLibrary,
  ) {}

  owns(name: string): boolean {
    return this.builtIns.get(name) !== undefined;
  }

  /**
   * @throws Problem workflow-unknown for a version that is not there; validation-failed for parameters that do not fit;
   * requirements-unmet
   */
  async find(
    workspaceId: string,
    { name, version }: WorkflowName,
    parameters: Members,
    options: ResolveOptions = {},
  ): Promise<ResolvedWorkflow | undefined> {
    const newest = await this.catalogue.find({ workspaceId, name });
    if (!newest) return undefined;
    const template = version === undefined ? newest : await this.versionOf(workspaceId, newest, version);
    const built = this.built(template.blueprint, parameters, options);
    await this.requirements.demand(workspaceId, template.name, built.definition);
    return { name: template.name, ...(template.row && { version: template.row.version }), ...built };
  }

  /** Built-in templates, then the workspace's own, each by name. */
  async list({ workspaceId }: Principal, { limit, cursor }: PageQuery): Promise<Page<TemplateSummary>> {
    const [group = BUILT_IN, after = ''] = cursor === undefined ? [] : decodeCursor(cursor, ['text', 'text']);
    const builtIns = group === BUILT_IN ? this.builtIns.all().filter(({ name }) => name > after) : [];
    const shown = builtIns.slice(0, limit).map(summaryOfBuiltIn);
    const left = limit - shown.length;
    const rows = await this.templates.list(workspaceId, group === BUILT_IN ? null : after, left + 1);
    const items = [...shown, ...rows.slice(0, left).map(summaryOfRow)];
    const hasMore = builtIns.length > limit || rows.length > left;
    const last = items.at(-1);
    return { items, nextCursor: hasMore && last ? encodeCursor([last.builtIn ? BUILT_IN : OWN, last.name]) : null };
  }

  /** @throws Problem not-found */
  async show({ workspaceId }: Principal, name: string, version?: number): Promise<TemplateView> {
    const found = await this.catalogue.find({ workspaceId, name, version });
    if (!found) throw noTemplate(name, version);
    const { blueprint, builtIn, row } = found;
    const { parameters } = settled(blueprint, {});
    const definition = blueprint.build(parameters, { sent: {}, locked: blueprint.locked });
    return {
      ...(row ? { ...row.content, ...summaryOfRow(row) } : summaryOfBuiltIn(builtIn)),
      ...(row && { latestVersion: row.latestVersion }),
      parameters: row ? (row.content.parameters ?? {}) : builtIn.defaults,
      defaults: blueprint.defaults,
      locked: [...blueprint.locked].sort(),
      parameterSchema: parameterSchemaOf(blueprint),
      requirements: await this.requirements.of(workspaceId, definition),
    };
  }

  /** What building the template from `given` would say, nothing of it made. @throws Problem not-found */
  async validate(caller: Principal, reference: string, given: Members): Promise<ParameterCheck> {
    const { blueprint } = await this.open(caller, reference);
    const { parameters, faults } = settled(blueprint, given);
    const definition = blueprint.build(faults.length > 0 ? settled(blueprint, {}).parameters : parameters, {
      sent: {},
      locked: blueprint.locked,
    });
    return {
      valid: faults.length === 0,
      violations: below('/parameters', faults).map(({ pointer, detail }) => ({
        code: 'parameter-not-fitting',
        severity: 'error',
        pointer,
        message: detail,
        hint: 'The parameterSchema of the template says what it takes.',
      })),
      parameters,
      requirements: await this.requirements.of(caller.workspaceId, definition),
    };
  }

  /** Stores a workflow made of the template. @throws Problem not-found, validation-failed, requirements-unmet */
  async instantiate(
    caller: Principal,
    reference: string,
    { name, description, parameters = {} }: Instantiation,
  ): Promise<Workflow> {
    const template = await this.open(caller, reference);
    const { definition } = this.built(template.blueprint, parameters, {});
    await this.requirements.demand(caller.workspaceId, template.name, definition);
    return this.workflows.create(caller, { name, description, definition: { ...definition, name } });
  }

  /** By `name` or `name@version`. @throws Problem not-found */
  private async open({ workspaceId }: Principal, reference: string): Promise<FoundTemplate> {
    const { name, version } = nameOf(reference) ?? { name: reference };
    if (version === 'draft') throw noTemplate(reference);
    const found = await this.catalogue.find({ workspaceId, name, version });
    if (!found) throw noTemplate(name, version);
    return found;
  }

  private async versionOf(
    workspaceId: string,
    { name, row }: FoundTemplate,
    version: number | 'draft',
  ): Promise<FoundTemplate> {
    if (!row) throw workflowUnknown(`Template "${name}" has no versions.`);
    if (version === 'draft') throw workflowUnknown(`Template "${name}" has no draft; its versions are numbers.`);
    const found = await this.catalogue.find({ workspaceId, name, version });
    if (found) return found;
    throw workflowUnknown(`Template "${name}" has no version ${version}; its newest is ${row.latestVersion}.`);
  }

  /** @throws Problem validation-failed with pointers to the parameters */
  private built(blueprint: Blueprint, given: Members, options: ResolveOptions): Built {
    const {
      areWholeInput = false,
      parametersAreInput = areWholeInput,
      ignoreUnknown = areWholeInput,
      fallback,
    } = options;
    const { properties } = blueprint.rules.schema;
    const isIgnored = (name: string): boolean => ignoreUnknown || (parametersAreInput && TURN_PARAMETERS.has(name));
    const taken = Object.entries(given).filter(([name]) => Object.hasOwn(properties, name) || !isIgnored(name));
    const { parameters, faults: misfits } = settled(blueprint, Object.fromEntries(taken), fallback);
    const faults = areWholeInput && blueprint.answersMessage ? [...messageFaults(given), ...misfits] : misfits;
    if (faults.length > 0) throw validationFailed(below(areWholeInput ? '/input' : '/parameters', faults));
    const sending = { sent: parametersAreInput ? given : {}, locked: blueprint.locked };
    return { definition: blueprint.build(parameters, sending), parameters };
  }
}

/** The two parts of a list, as cursors name them. */
const BUILT_IN = 'built-in';
const OWN = 'own';
