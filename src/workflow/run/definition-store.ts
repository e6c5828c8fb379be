import { Injectable } from '@nestjs/common';
import { CacheCounters, type CacheTally } from '../../platform/cache/cache-counters.js';
import type { Bundle } from '../definition/bundle.js';
import { bundleHash } from '../definition/bundle.js';
import type { CompiledGraph } from '../graph/execution.js';
import { GraphCompiler } from '../graph/graph-compiler.js';
import { runFailed } from '../workflow.errors.js';
import { DefinitionRepository } from './definition.repository.js';
import type { Run } from './run.js';

const MAX_KNOWN = 10_000;

/** The definitions that runs are pinned to, stored once a workspace by content hash, with what they refer to. */
@Injectable()
export class DefinitionStore {
  /** What this process knows to be stored, with the definition at hand for the compiler. */
  private readonly stored = new Map<string, Bundle>();
  private readonly tally: CacheTally;

  constructor(
    private readonly definitions: DefinitionRepository,
    private readonly compiler: GraphCompiler,
    counters: CacheCounters,
  ) {
    this.tally = counters.join(() => this.stored.size);
  }

  /** Checks and stores a definition; answers its hash. @throws Problem when it is not valid or a requirement is unmet */
  async keep(workspaceId: string, bundle: Bundle): Promise<string> {
    const hash = bundleHash(bundle);
    await this.compiler.compile(hash, bundle);
    const key = `${workspaceId} ${hash}`;
    if (this.stored.has(key)) this.tally.hit();
    else {
      this.tally.miss();
      await this.definitions.save(workspaceId, hash, bundle);
      this.remember(key, bundle);
    }
    return hash;
  }

  async graphOf(run: Run): Promise<CompiledGraph> {
    return this.compiler.compile(run.workflow.hash, await this.bundleOf(run));
  }

  /** What a run is pinned to. */
  async bundleOf({ id, workspaceId, workflow: { hash } }: Run): Promise<Bundle> {
    const key = `${workspaceId} ${hash}`;
    const bundle = this.stored.get(key) ?? (await this.definitions.find(workspaceId, hash));
    if (!bundle) throw runFailed(`The definition of run ${id} is missing.`);
    this.remember(key, bundle);
    return bundle;
  }

  private remember(key: string, bundle: Bundle): void {
    this.stored.set(key, bundle);
    const [oldest] = this.stored.keys();
    if (this.stored.size <= MAX_KNOWN || oldest === undefined) return;
    this.stored.delete(oldest);
    this.tally.evicted();
  }
}
