import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { evaluate } from '../../condition/condition.js';
import { compositeFields, type ChildDefinition, type Composition } from '../../definition/definition.js';
import type { ReferenceScope } from '../../definition/lookup.js';
import { resolveReferences } from '../../definition/reference.js';
import { BranchCancelled } from '../../graph/execution.js';
import { childFailed } from '../../workflow.errors.js';
import { atOnce } from '../body/at-once.js';
import { targetSite, targetSites } from '../body/body.js';
import { mergedOutputs, type Merged } from '../body/merge.js';
import { NodeType, type ChildResult, type NodeContext, type NodeExecutor, type NodeResult } from '../node-type.js';

type Members = Readonly<Record<string, unknown>>;

const Config = z.strictObject({
  ...compositeFields,
  // A schema that stands in two places is published by reference, without its description.
  workflows: compositeFields.workflows.describe('The children, in order.'),
  output: z.string().min(1).max(64).default('result').describe('The variable that receives results and merged.'),
});
type Config = Composition & { readonly output: string };

/** A child's result under its id. */
export interface NamedResult extends ChildResult {
  readonly id: string;
}

@Injectable()
@NodeType({
  type: 'composite',
  title: 'Composite',
  description: 'Runs several workflows as one: in sequence, side by side, or those whose condition matches.',
  config: Config,
  example: { strategy: 'parallel', workflows: [{ id: 'first', workflow: 'plain' }] },
  ports: ['next'],
  repeatable: true,
  waits: true,
  raw: ['workflows', 'default'],
  targets: ({ workflows, default: otherwise }) => [
    ...targetSites('/workflows', workflows),
    ...targetSite('/default', otherwise),
  ],
})
export class CompositeNode implements NodeExecutor<Config> {
  async execute(context: NodeContext<Config>): Promise<NodeResult> {
    return new CompositeRun(context).run();
  }
}

interface Place {
  readonly child: ChildDefinition;
  readonly pointer: string;
  readonly index: number;
}

class CompositeRun {
  private readonly results: (NamedResult | undefined)[];
  private readonly places: readonly Place[];
  private readonly stop = new AbortController();
  private failure: NamedResult | undefined;

  constructor(private readonly context: NodeContext<Config>) {
    const { config } = context;
    this.places = config.workflows.map((child, index) => ({ child, pointer: `/workflows/${index}`, index }));
    this.results = this.places.map(() => undefined);
  }

  async run(): Promise<NodeResult> {
    const { config, shows } = this.context;
    shows(() => this.output());
    const explanation = await this.strategies[config.strategy]();
    const merged = this.merged();
    for (const { key, kept, from } of merged.conflicts)
      this.context.emit({
        type: 'note',
        code: 'merge-conflict',
        detail: `"${key}" came from ${from.join(' and ')}; that of ${kept} is kept.`,
      });
    if (this.failure && config.onError === 'failFast') {
      const { id, status, problem } = this.failure;
      const detail = `Child "${id}" ended ${status}${problem ? `: ${problem.detail}` : '.'}`;
      throw childFailed(detail, { extensions: { child: id, problem } });
    }
    const output = this.output(merged);
    return { output, variables: { [config.output]: output }, explanation };
  }

  private readonly strategies: { readonly [Strategy in Composition['strategy']]: () => Promise<unknown> } = {
    sequential: () => this.inOrder(this.places),
    parallel: () => this.sideBySide(),
    conditional: () => this.whatMatches(),
  };

  /** Each child after the one before, with what came of all before it. */
  private async inOrder(places: readonly Place[]): Promise<undefined> {
    for (const place of places) {
      if (this.stop.signal.aborted) return undefined;
      const { merged } = this.merged();
      await this.start(place, { ...this.input, ...merged }, merged);
    }
    return undefined;
  }

  private async sideBySide(): Promise<undefined> {
    const { config, signal } = this.context;
    await atOnce(this.places.length, config.maxConcurrency, signal, async (index) => {
      const place = this.places[index];
      if (place && !this.stop.signal.aborted) await this.start(place, structuredClone(this.input), {});
    });
    return undefined;
  }

  private async whatMatches(): Promise<unknown> {
    const { config, scope, decided } = this.context;
    const tried = this.places.map((place) => ({ place, ...evaluate(place.child.when ?? {}, scope) }));
    const matching = tried.filter(({ matched }) => matched).map(({ place }) => place);
    const explanation = tried.map(({ place, matched, reasons }) => ({ branch: place.child.id, matched, reasons }));
    decided({ branch: matching[0]?.child.id ?? null, explanation });
    await this.inOrder(matching);
    if (matching.length === 0 && config.default)
      await this.inOrder([{ child: config.default, pointer: '/default', index: this.places.length }]);
    return explanation;
  }

  /** `before` is what came of the children before it. */
  private async start({ child, pointer, index }: Place, input: Members, before: Members): Promise<void> {
    const { bodies, scope, config } = this.context;
    const seen: ReferenceScope = { ...scope, input, variables: { ...scope.variables, ...before } };
    const result = await bodies.child(pointer, {
      key: child.id,
      index,
      input: child.input === undefined ? input : (resolveReferences(child.input, seen) as Members),
      timeoutMs: child.timeoutMs,
      signal: this.stop.signal,
    });
    this.results[index] = { id: child.id, ...result };
    if (result.status === 'succeeded' || config.onError !== 'failFast') return;
    this.failure ??= this.results[index];
    this.stop.abort(new BranchCancelled(`Child "${child.id}" failed.`));
  }

  private get input(): Members {
    return this.context.input as Members;
  }

  private output({ merged } = this.merged()): { readonly results: readonly NamedResult[]; readonly merged: Members } {
    return { results: this.results.map((result, index) => result ?? this.skipped(index)), merged };
  }

  private merged(): Merged {
    const done = this.results.flatMap((result) => (result?.status === 'succeeded' ? [result] : []));
    return mergedOutputs(done, this.context.config.merge);
  }

  private skipped(index: number): NamedResult {
    const id = this.places[index]?.child.id ?? '';
    return { id, status: 'skipped', durationMs: 0, usage: null };
  }
}
