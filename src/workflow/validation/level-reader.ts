import type { NodeRegistry } from '../node/node.registry.js';
import type { Level, LevelRole, NodeView, WorkflowUse } from './definition-view.js';
import { parseLevel, type Site } from './level-parser.js';
import { detach, isMembers, valueAt, type Detached } from './nested-definitions.js';
import { fault, quoted, type Violation } from './violation.js';

export interface ReadLevels {
  readonly levels: readonly Level[];
  readonly uses: readonly WorkflowUse[];
  readonly faults: readonly Violation[];
}

/** Definitions around a definition. */
export const MAX_DEPTH = 5;
const MAX_LEVELS = 1_000;

/** A definition that waits to be read. */
interface Pending {
  readonly raw: unknown;
  readonly pointer: string;
  readonly role: LevelRole;
  readonly parent?: Level;
  readonly holder?: NodeView;
}

/** Every definition in a definition, each read once. @param root a JSON value no deeper than recursion allows */
export function readLevels(root: unknown, types: Pick<NodeRegistry, 'get'>): ReadLevels {
  const levels: Level[] = [];
  const uses: WorkflowUse[] = [];
  const faults: Violation[] = [];
  const pending: Pending[] = [{ raw: root, pointer: '', role: 'root' }];
  for (let at = 0; at < pending.length; at++) {
    const next = pending[at];
    if (!next) break;
    if (levels.length === MAX_LEVELS) {
      faults.push(tooManyLevels(next.pointer));
      break;
    }
    read(next);
  }
  return { levels, uses, faults };

  function read({ raw, pointer, role, parent, holder }: Pending): void {
    const depth = parent ? parent.depth + 1 : 0;
    if (depth > MAX_DEPTH) {
      faults.push(tooDeep(pointer));
      return;
    }
    const detached = detach(isMembers(raw) ? raw : {});
    const found = parseLevel(detached.own, { pointer, depth, role, parent, holder }, types);
    faults.push(...found.faults);
    if (!found.level) return;
    levels.push(found.level);
    for (const site of found.sites) visit(site, detached, found.level);
  }

  function visit({ pointer: within, role, node }: Site, { own, nested }: Detached, level: Level): void {
    const pointer = level.pointer + within;
    const value = valueAt(own, within);
    if (typeof value === 'string' && within.endsWith('/workflow')) {
      visit({ pointer: outer(within), role, node }, { own, nested }, level);
      return;
    }
    if (typeof value === 'string') {
      uses.push({ pointer, workflow: value, parametersPointer: pointer, level, node });
      return;
    }
    if (!isMembers(value)) return;
    const direct = nested.get(within);
    const inner = direct ?? nested.get(`${within}/definition`);
    if (inner) {
      const at = direct ? pointer : `${pointer}/definition`;
      pending.push({ raw: inner, pointer: at, role, parent: level, holder: node });
    } else if (Object.hasOwn(value, 'workflow') && typeof value.workflow === 'string') {
      const parameters = isMembers(value.parameters) ? value.parameters : undefined;
      const parametersPointer = `${pointer}/parameters`;
      const { workflow } = value;
      uses.push({ pointer: `${pointer}/workflow`, workflow, parameters, parametersPointer, level, node });
    }
  }
}

const outer = (pointer: string): string => pointer.slice(0, pointer.lastIndexOf('/'));

const tooDeep = (pointer: string): Violation =>
  fault(
    'too-deep',
    pointer,
    `The definition at ${quoted(pointer)} is inside of more than ${MAX_DEPTH} others.`,
    'Nest less, for example by joining several levels into one graph.',
  );

const tooManyLevels = (pointer: string): Violation =>
  fault(
    'too-many-definitions',
    pointer,
    `There are more than ${MAX_LEVELS} definitions inside one another; those from here on were not looked at.`,
    'Store repeated parts as workflows and name them.',
  );
