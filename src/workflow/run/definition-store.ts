import { Injectable } from '@nestjs/common';
import type { Definition } from '../definition/definition.js';
import { definitionHash } from '../definition/definition-hash.js';
import type { CompiledGraph } from '../graph/compiled-graph.js';
import { GraphCompiler } from '../graph/graph-compiler.js';
import { runFailed } from '../workflow.errors.js';
import { RunRepository } from './run.repository.js';
import type { Run } from './run.js';

const MAX_KNOWN = 10_000;

/** The definitions that runs are pinned to, stored once a workspace by content hash. */
@Injectable()
export class DefinitionStore {
  /** What this process knows to be stored, with the definition at hand for the compiler. */
  private readonly stored = new Map<string, Definition>();

  constructor(
    private readonly runs: RunRepository,
    private readonly compiler: GraphCompiler,
  ) {}

  /** Checks and stores a definition; answers its hash. @throws Problem when it is not valid or a requirement is unmet */
  async keep(workspaceId: string, definition: Definition): Promise<string> {
    const hash = definitionHash(definition);
    await this.compiler.compile(hash, definition);
    const key = `${workspaceId} ${hash}`;
    if (!this.stored.has(key)) {
      await this.runs.saveDefinition(workspaceId, hash, definition);
      this.remember(key, definition);
    }
    return hash;
  }

  async graphOf({ id, workspaceId, workflow: { hash } }: Run): Promise<CompiledGraph> {
    const key = `${workspaceId} ${hash}`;
    const definition = this.stored.get(key) ?? (await this.runs.definition(workspaceId, hash));
    if (!definition) throw runFailed(`The definition of run ${id} is missing.`);
    this.remember(key, definition);
    return this.compiler.compile(hash, definition);
  }

  private remember(key: string, definition: Definition): void {
    this.stored.set(key, definition);
    const [oldest] = this.stored.keys();
    if (this.stored.size > MAX_KNOWN && oldest !== undefined) this.stored.delete(oldest);
  }
}
