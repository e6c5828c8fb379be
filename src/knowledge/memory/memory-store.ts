import type {
  BaseStore,
  GetOperation,
  ListNamespacesOperation,
  MatchCondition,
  Operation,
  OperationResults,
  PutOperation,
  SearchOperation,
} from '@langchain/langgraph';
import { validationFailed } from '../../platform/problem/http.errors.js';
import type { Memory, MemoryOwner } from './memory.repository.js';
import { MAX_MEMORIES, type MemoryService } from './memory.service.js';

type Namespace = readonly string[];
type Value = Readonly<Record<string, unknown>>;

/** A fact as LangGraph's stores hold items. */
export interface MemoryItem {
  /** Of the memory, as the API names it. */
  readonly id: string;
  readonly namespace: string[];
  readonly key: string;
  readonly value: { readonly content: string };
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

interface SearchOptions {
  readonly filter?: Value;
  readonly limit?: number;
  readonly offset?: number;
  readonly query?: string;
}

interface NamespaceOptions {
  readonly prefix?: string[];
  readonly suffix?: string[];
  readonly maxDepth?: number;
  readonly limit?: number;
  readonly offset?: number;
}

const ROOT = 'memories';
const DEFAULT_LIMIT = 10;
const MAX_CONTENT = 1_000;
const MAX_KEY = 200;

/**
 * What is remembered of one user, behind LangGraph's contract of a store. It has one namespace, `memories` with the
 * workspace and the user, and knows nothing outside of it. The value of an item is `{ content }`, one sentence; a query
 * finds by words. A fact is remembered once: put under another key, it moves there.
 */
export class MemoryStore implements BaseStore {
  readonly namespace: string[];

  constructor(
    private readonly memories: MemoryService,
    private readonly owner: MemoryOwner,
  ) {
    this.namespace = [ROOT, owner.workspaceId, owner.userId];
  }

  /** One after the other, in their order; results in the same. */
  async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    const results: unknown[] = [];
    for (const operation of operations) results.push(await this.done(operation));
    return results as OperationResults<Op>;
  }

  async get(namespace: Namespace, key: string): Promise<MemoryItem | null> {
    if (!this.isOwn(namespace)) return null;
    const found = await this.memories.byKey(this.owner, key);
    return found ? this.itemOf(found) : null;
  }

  /** Remembers a fact without a key of its own; one that is remembered already is dated anew. @throws as `put` */
  async remember(content: string): Promise<MemoryItem> {
    return this.itemOf(await this.memories.remember(this.owner, content));
  }

  /** Every one that fits; the most alike first when there is a query, else the newest. */
  async search(prefix: Namespace, { filter, limit = DEFAULT_LIMIT, offset = 0, query }: SearchOptions = {}) {
    if (!isPrefix(prefix, this.namespace)) return [];
    const most = filter ? MAX_MEMORIES : Math.min(Math.max(offset + limit, 0), MAX_MEMORIES);
    const items = (await this.memories.found(this.owner, query, most)).map((memory) => this.itemOf(memory));
    const fitting = filter ? items.filter(({ value }) => fits(value, filter)) : items;
    return fitting.slice(offset, offset + limit);
  }

  /** @throws Problem validation-failed for another namespace or value, memory-full, conflict */
  async put(namespace: Namespace, key: string, value: Value): Promise<void> {
    const { content } = value;
    const isFact = typeof content === 'string' && content.trim() !== '' && content.length <= MAX_CONTENT;
    const faults = [
      ...(this.isOwn(namespace) ? [] : [fault('/namespace', `must be ${JSON.stringify(this.namespace)}`)]),
      ...(key.length > 0 && key.length <= MAX_KEY ? [] : [fault('/key', `must have 1 to ${MAX_KEY} characters`)]),
      ...(isFact && Object.keys(value).length === 1
        ? []
        : [fault('/value', `must be { "content" }, a sentence of at most ${MAX_CONTENT} characters`)]),
    ];
    if (faults.length > 0 || !isFact) throw validationFailed(faults);
    await this.memories.put(this.owner, key, content);
  }

  async delete(namespace: Namespace, key: string): Promise<void> {
    if (this.isOwn(namespace)) await this.memories.forgetKey(this.owner, key);
  }

  async listNamespaces({ prefix, suffix, maxDepth, limit = 100, offset = 0 }: NamespaceOptions = {}) {
    const matchConditions: MatchCondition[] = [
      ...(prefix ? [{ matchType: 'prefix' as const, path: prefix }] : []),
      ...(suffix ? [{ matchType: 'suffix' as const, path: suffix }] : []),
    ];
    return this.namespaces({ matchConditions, maxDepth, limit, offset });
  }

  start(): void {}

  stop(): void {}

  private done(operation: Operation): Promise<unknown> {
    if (isPut(operation)) {
      const { namespace, key, value } = operation;
      return value === null ? this.delete(namespace, key) : this.put(namespace, key, value);
    }
    if (isSearch(operation)) return this.search(operation.namespacePrefix, operation);
    if (isGet(operation)) return this.get(operation.namespace, operation.key);
    return this.namespaces(operation);
  }

  private async namespaces({ matchConditions = [], maxDepth, limit, offset }: ListNamespacesOperation) {
    const isThere = (await this.memories.found(this.owner, undefined, 1)).length > 0;
    if (!isThere || !matchConditions.every((condition) => matches(condition, this.namespace))) return [];
    return [this.namespace.slice(0, maxDepth)].slice(offset, offset + limit);
  }

  private isOwn(namespace: Namespace): boolean {
    return namespace.length === this.namespace.length && isPrefix(namespace, this.namespace);
  }

  private itemOf({ id, key, content, createdAt, updatedAt }: Memory): MemoryItem {
    return { id, namespace: [...this.namespace], key: key ?? id, value: { content }, createdAt, updatedAt };
  }
}

const fault = (pointer: string, detail: string) => ({ pointer, detail });

const isPut = (operation: Operation): operation is PutOperation => 'value' in operation;
const isSearch = (operation: Operation): operation is SearchOperation => 'namespacePrefix' in operation;
const isGet = (operation: Operation): operation is GetOperation => 'key' in operation;

const isPrefix = (prefix: Namespace, of: Namespace): boolean =>
  prefix.length <= of.length && prefix.every((label, index) => label === of[index]);

function matches({ matchType, path }: MatchCondition, namespace: Namespace): boolean {
  if (path.length > namespace.length) return false;
  const part = matchType === 'prefix' ? namespace : namespace.slice(-path.length);
  return path.every((label, index) => label === '*' || label === part[index]);
}

function fits(value: Value, filter: Value): boolean {
  return Object.entries(filter).every(([name, expected]) => {
    const actual = Object.hasOwn(value, name) ? value[name] : undefined;
    const isOperators = typeof expected === 'object' && expected !== null && !Array.isArray(expected);
    if (!isOperators) return actual === expected;
    return Object.entries(expected).every(([operator, bound]) => holds(operator, actual, bound));
  });
}

/** Like types alone are compared. @throws Problem validation-failed for an operator that no store has */
function holds(operator: string, actual: unknown, bound: unknown): boolean {
  if (operator === '$eq') return actual === bound;
  if (operator === '$ne') return actual !== bound;
  const order = typeof actual === 'string' && typeof bound === 'string' ? compared(actual, bound) : undefined;
  switch (operator) {
    case '$gt':
      return order !== undefined && order > 0;
    case '$gte':
      return order !== undefined && order >= 0;
    case '$lt':
      return order !== undefined && order < 0;
    case '$lte':
      return order !== undefined && order <= 0;
    default:
      throw validationFailed([fault('/filter', `knows no operator ${JSON.stringify(operator)}`)]);
  }
}

const compared = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
