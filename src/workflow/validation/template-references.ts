import { pointerOf } from '../condition/json-pointer.js';
import { entriesOf } from '../condition/when-parts.js';
import type { When } from '../condition/when.js';
import type { Level, NodeView } from './definition-view.js';
import { branchesOf } from './node-members.js';

/** A name that is looked up when a level runs. */
export interface Reference {
  /** Of the text or condition that holds it. */
  readonly pointer: string;
  /** As written between the braces, without blanks around it, or as the path of a condition. */
  readonly path: string;
  readonly names: readonly string[];
  /** Where it is used; absent for the output of a graph. */
  readonly node?: NodeView;
  /**
   * `late`: the node resolves it itself, in a scope that only it knows. `condition`: what names nothing does not match,
   * and is no fault by itself.
   */
  readonly use: 'value' | 'output' | 'condition' | 'late';
}

/** The same braces as in definition/reference.ts. */
const REFERENCE = /\{\{([^{}]{1,256})\}\}/g;

const known = new WeakMap<Level, readonly Reference[]>();

/** Every reference of a level, without those of definitions inside it. Each once for every place. Found once a level. */
export function referencesIn(level: Level): readonly Reference[] {
  const references = known.get(level) ?? [...find(level)];
  known.set(level, references);
  return references;
}

function* find(level: Level): Generator<Reference> {
  if (level.kind === 'graph') {
    for (const node of level.nodes) yield* referencesOfNode(node);
    yield* inTemplate(level.output, `${level.pointer}/output`, { use: 'output' });
  } else if (level.kind === 'conditional') {
    for (const { when, whenPointer } of level.branches) yield* inWhen(when, whenPointer);
  } else {
    for (const { when, input, pointer } of level.children) {
      if (when) yield* inWhen(when, `${pointer}/when`);
      yield* inTemplate(input, `${pointer}/input`, { use: 'late' });
    }
  }
}

function* referencesOfNode(node: NodeView): Generator<Reference> {
  for (const [member, value] of Object.entries(node.config)) {
    const use = node.type?.raw?.includes(member) ? 'late' : 'value';
    yield* inTemplate(value, `${node.pointer}/config${pointerOf([member])}`, { node, use });
  }
  for (const { when, pointer } of branchesOf(node)) yield* inWhen(when, `${node.pointer}/config${pointer}`, node);
}

type Place = Pick<Reference, 'node' | 'use'>;

function* inTemplate(value: unknown, pointer: string, place: Place): Generator<Reference> {
  if (typeof value === 'string') yield* inText(value, pointer, place);
  else if (typeof value === 'object' && value !== null)
    for (const [key, member] of Object.entries(value)) yield* inTemplate(member, pointer + pointerOf([key]), place);
}

function* inText(text: string, pointer: string, place: Place): Generator<Reference> {
  if (!text.includes('{{')) return;
  const seen = new Set<string>();
  for (const [, inner = ''] of text.matchAll(REFERENCE)) {
    const path = inner.trim();
    if (seen.has(path)) continue;
    seen.add(path);
    yield { ...place, pointer, path, names: path.split('.') };
  }
}

function* inWhen(when: When, pointer: string, node?: NodeView): Generator<Reference> {
  for (const entry of entriesOf(when)) {
    if ('path' in entry)
      yield {
        pointer: pointer + pointerOf([entry.path]),
        path: entry.path,
        names: entry.path.split('.'),
        node,
        use: 'condition',
      };
    else {
      const isSingle = entry.composition === 'not';
      for (const [index, member] of entry.members.entries())
        yield* inWhen(member, pointer + pointerOf(isSingle ? ['not'] : [entry.composition, index]), node);
    }
  }
}
