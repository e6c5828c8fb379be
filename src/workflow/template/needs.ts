import type { Definition } from '../definition/definition.js';

/** What a definition takes for granted, each name once. */
export interface Needs {
  readonly nodeTypes: readonly string[];
  readonly tools: readonly string[];
  readonly collections: readonly string[];
}

type Members = Readonly<Record<string, unknown>>;

/**
 * What a definition's own nodes need, those of definitions inside it included. What a reference stands for is known only
 * while it runs, and what a workflow it names needs is that workflow's.
 */
export function needsOf(definition: Definition): Needs {
  const [nodeTypes, tools, collections] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const pending: unknown[] = [definition];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (Array.isArray(value)) pending.push(...(value as readonly unknown[]).filter(isObject));
    if (!isMembers(value)) continue;
    if (value.kind === 'graph') for (const { type, config } of nodesOf(value)) take(type, config);
    pending.push(...Object.values(value).filter(isObject));
  }
  return { nodeTypes: [...nodeTypes], tools: [...tools], collections: [...collections] };

  function take(type: string, config: Members): void {
    nodeTypes.add(type);
    if (type === 'agent') for (const name of namesIn(config.tools)) tools.add(name);
    if (type === 'tool') for (const name of namesIn([config.tool])) tools.add(name);
    if (type === 'retrieve') for (const name of namesIn(config.collections)) collections.add(name);
  }
}

function nodesOf({ nodes }: Members): readonly { readonly type: string; readonly config: Members }[] {
  if (!Array.isArray(nodes)) return [];
  return (nodes as readonly unknown[]).flatMap((node) =>
    isMembers(node) && typeof node.type === 'string'
      ? [{ type: node.type, config: isMembers(node.config) ? node.config : {} }]
      : [],
  );
}

const namesIn = (list: unknown): readonly string[] =>
  Array.isArray(list) ? list.filter((name): name is string => typeof name === 'string' && !name.includes('{{')) : [];

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

const isMembers = (value: unknown): value is Members => isObject(value) && !Array.isArray(value);
