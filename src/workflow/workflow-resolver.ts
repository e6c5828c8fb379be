import { Injectable, type OnModuleInit } from '@nestjs/common';
import { pluginKind, PluginRegistry } from '../platform/plugin/plugin.registry.js';
import type { PinnedWorkflow } from './definition/bundle.js';
import { workflowUnknown } from './workflow.errors.js';

export interface ResolvedWorkflow extends PinnedWorkflow {
  readonly name: string;
  /** What a template was built from, its defaults included; no part of what a run keeps of its workflow. */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** What a caller wrote as `workflow`, taken apart. */
export interface WorkflowName {
  /** A mode, template or workflow name, or a workflow's id. */
  readonly name: string;
  /** After an "@"; absent, what is published. */
  readonly version?: number | 'draft';
}

export interface ResolveOptions {
  /** The parameters are members of the run's input too: a template names them there instead of copying them. */
  readonly parametersAreInput?: boolean;
  /** Members that a template has no parameter for are input alone, and no fault. */
  readonly ignoreUnknown?: boolean;
  /**
   * They are the whole input of a run, with all that follows from both of the above: faults point below `/input`, and a
   * template that answers a message must be given one.
   */
  readonly areWholeInput?: boolean;
  /** Parameters that hold where neither the caller nor the template says otherwise. */
  readonly fallback?: Readonly<Record<string, unknown>>;
}

/** Makes a class one of the places workflows come from: templates, the workspace's library. */
export const WorkflowSource = pluginKind('workflow source');

export interface Workflows {
  /** Whether the name means something here in every workspace, so that nobody else is asked. */
  owns?(name: string): boolean;
  /**
   * The workflow of that name for callers of the workspace; undefined when this place has none.
   * `parameters` are what it is built from (a template) and ignored where it takes none.
   * @throws Problem when it is there but cannot be run: parameters that do not fit, nothing published, requirements unmet
   */
  find(
    workspaceId: string,
    workflow: WorkflowName,
    parameters: Readonly<Record<string, unknown>>,
    options?: ResolveOptions,
  ): Promise<ResolvedWorkflow | undefined>;
}

/** Finds what a caller's `workflow` names. */
@Injectable()
export class WorkflowResolver implements OnModuleInit {
  private sources: readonly Workflows[] = [];

  constructor(private readonly plugins: PluginRegistry) {}

  onModuleInit(): void {
    this.sources = this.plugins.find<Workflows, void>(WorkflowSource).map(({ plugin }) => plugin);
  }

  /** @throws Problem workflow-unknown, or why what is named cannot be run */
  async resolve(
    workspaceId: string,
    reference: string,
    parameters: Readonly<Record<string, unknown>>,
    options?: ResolveOptions,
  ): Promise<ResolvedWorkflow> {
    const workflow = nameOf(reference);
    const owner = workflow && this.sources.find((source) => source.owns?.(workflow.name));
    for (const source of owner ? [owner] : workflow ? this.sources : []) {
      const found = workflow && (await source.find(workspaceId, workflow, parameters, options));
      if (found) return found;
    }
    throw workflowUnknown(`There is no workflow "${reference}" in this workspace. "plain" is always there.`);
  }
}

/** `name`, `name@3` or `name@draft`; undefined when it is none of them. */
export function nameOf(reference: string): WorkflowName | undefined {
  const [, name, version] = /^([^@]+)(?:@(draft|[1-9]\d{0,8}))?$/.exec(reference) ?? [];
  if (name === undefined) return undefined;
  return version === undefined ? { name } : { name, version: version === 'draft' ? 'draft' : Number(version) };
}
