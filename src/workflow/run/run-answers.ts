import { Injectable } from '@nestjs/common';
import { CacheConfig } from '../../platform/cache/cache.config.js';
import { DOCUMENTS_TAG, TaggedCache, type Epochs } from '../../platform/cache/tagged-cache.js';
import { withinDeadline } from '../../platform/clock/deadline.js';
import { contentHash } from '../../platform/schema/canonical-json.js';
import type { Bundle } from '../definition/bundle.js';
import { hasType, isRepeatable } from '../graph/repeatable.js';
import { NodeRegistry } from '../node/node.registry.js';
import type { Answer, Question, SharedAnswer } from '../node/node-type.js';
import { DefinitionStore } from './definition-store.js';
import type { Run } from './run.js';

/** What a definition is, as far as its answers are concerned. */
interface Traits {
  readonly isRepeatable: boolean;
  readonly readsDocuments: boolean;
}

/** Somebody asks a model just now: resolves with the answer, with undefined when there will be none. */
type Flight = Promise<Answer | undefined>;

class WaitedLongEnough extends Error {}

/**
 * What models have answered in deterministic runs: at temperature 0, of definitions that do nothing but answer. The same
 * question of a workspace is asked once while its answer is fresh, however many ask at the same time.
 */
@Injectable()
export class RunAnswers {
  private readonly flights = new Map<string, Flight>();
  private readonly traits = new WeakMap<Bundle, Traits>();

  constructor(
    private readonly cache: TaggedCache,
    private readonly config: CacheConfig,
    private readonly definitions: DefinitionStore,
    private readonly types: NodeRegistry,
  ) {}

  /** Undefined where answers are not kept. @throws the signal's reason */
  of(run: Run, question: Question, signal: AbortSignal): Promise<SharedAnswer | undefined> | undefined {
    const isExact = question.temperature === 0 && (question.tools?.length ?? 0) === 0;
    return isExact && this.cache.isOn ? this.open(run, question, signal) : undefined;
  }

  private async open(run: Run, question: Question, signal: AbortSignal): Promise<SharedAnswer | undefined> {
    const bundle = await this.definitions.bundleOf(run);
    const { isRepeatable: isKept, readsDocuments } = this.traitsOf(bundle);
    if (!isKept) return undefined;
    const { workspaceId } = run;
    const key = keyOf(run, question);
    const until = performance.now() + this.config.waitMs;
    for (let flight = this.flights.get(key); flight; flight = this.flights.get(key)) {
      const answer = await landed(flight, until - performance.now(), signal);
      if (answer === 'late') return undefined;
      if (!answer) continue;
      this.cache.hit(workspaceId);
      return { kind: 'known', answer, ageMs: 0 };
    }
    return this.lead(workspaceId, key, tagsOf(run, bundle, question, readsDocuments));
  }

  /** Looks for the answer, and gives the turn to ask when there is none. */
  private async lead(workspaceId: string, key: string, tags: readonly string[]): Promise<SharedAnswer> {
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
    const land = (answer: Answer | undefined): void => {
      if (this.flights.get(key) === promise) this.flights.delete(key);
      resolve(answer);
    };
    this.flights.set(key, promise);
    try {
      const epochs = await this.cache.epochsOf(workspaceId, tags);
      const found = await this.cache.get(workspaceId, key, epochs);
      const answer = found && answerIn(found.value);
      if (!found || !answer) return this.turn(workspaceId, key, epochs, land);
      land(answer);
      return { kind: 'known', answer, ageMs: found.ageMs };
    } catch (error) {
      land(undefined);
      throw error;
    }
  }

  private turn(
    workspaceId: string,
    key: string,
    epochs: Epochs,
    land: (answer: Answer | undefined) => void,
  ): SharedAnswer {
    return {
      kind: 'turn',
      keep: async (answer) => {
        try {
          await this.cache.set(workspaceId, key, answer, epochs);
        } finally {
          land(answer);
        }
      },
      giveUp: () => land(undefined),
    };
  }

  private traitsOf(bundle: Bundle): Traits {
    const known = this.traits.get(bundle);
    if (known) return known;
    const typeOf = (type: string) => this.types.get(type);
    const traits = {
      isRepeatable: isRepeatable(bundle, typeOf),
      readsDocuments: hasType(bundle, 'retrieve', typeOf),
    };
    this.traits.set(bundle, traits);
    return traits;
  }
}

/** All that an answer depends on, and nothing else: no id of a run, message or conversation. */
function keyOf({ workspaceId, workflow }: Run, question: Question): string {
  const { model, messages, temperature, maxTokens, schema } = question;
  return contentHash({
    workspaceId,
    definition: workflow.hash,
    model,
    messages,
    temperature,
    maxTokens: maxTokens ?? null,
    schema: schema ?? null,
  });
}

/** By what it is made void before its time is over. */
function tagsOf({ workflow }: Run, { pins }: Bundle, { model }: Question, readsDocuments: boolean): readonly string[] {
  const names = [workflow, ...Object.values(pins)].flatMap(({ id, name }) => id ?? name ?? []);
  return [
    ...[...new Set(names)].map((name) => `workflow:${name}`),
    `prompt:${workflow.hash}`,
    `model:${model}`,
    ...(readsDocuments ? [DOCUMENTS_TAG] : []),
  ];
}

/** What somebody else's question was answered, if it is in time. @throws the signal's reason */
async function landed(flight: Flight, leftMs: number, signal: AbortSignal): Promise<Answer | 'late' | undefined> {
  try {
    return await withinDeadline(
      Math.max(0, leftMs),
      signal,
      () => new WaitedLongEnough(),
      () => flight,
    );
  } catch (error) {
    if (error instanceof WaitedLongEnough) return 'late';
    throw error;
  }
}

/** What a store held, if it is an answer. */
function answerIn(value: unknown): Answer | undefined {
  const isAnswer = typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string';
  return isAnswer ? (value as unknown as Answer) : undefined;
}
