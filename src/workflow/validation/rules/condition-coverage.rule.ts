import { Injectable } from '@nestjs/common';
import { coverage } from '../../condition/coverage.js';
import type { ConditionView, DefinitionView, Level } from '../definition-view.js';
import { branchesOf } from '../node-members.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { advice, type Violation } from '../violation.js';

/** Conditions that are compared altogether, as characters of JSON: comparing takes time in the square of their number. */
const MAX_CHARACTERS = 131_072;

/** Conditions that leave a gap, that overlap, that are never reached; choices without a default. */
@Injectable()
@ValidationRule()
export class ConditionCoverageRule implements Rule {
  *check({ levels }: DefinitionView): Iterable<Violation> {
    let left = MAX_CHARACTERS;
    for (const list of levels.flatMap(listsIn)) {
      left -= JSON.stringify(list.branches).length;
      if (left < 0) return;
      yield* found(list);
    }
  }
}

interface ConditionList {
  /** In order, with where each condition stands. */
  readonly branches: readonly Pick<ConditionView, 'id' | 'when' | 'whenPointer'>[];
  readonly hasDefault: boolean;
  readonly pointer: string;
  /** Whether only the first that matches counts; otherwise two that match are no matter. */
  readonly isExclusive: boolean;
}

function listsIn(level: Level): readonly ConditionList[] {
  switch (level.kind) {
    case 'conditional':
      return [{ branches: level.branches, hasDefault: level.hasDefault, pointer: level.pointer, isExclusive: true }];
    case 'composite': {
      const branches = level.children.flatMap(({ id, when, pointer }) =>
        when ? [{ id, when, whenPointer: `${pointer}/when` }] : [],
      );
      const isChoice = level.strategy === 'conditional' && branches.length === level.children.length;
      return isChoice ? [{ branches, hasDefault: level.hasDefault, pointer: level.pointer, isExclusive: false }] : [];
    }
    case 'graph':
      return level.nodes.map((node) => ({
        branches: branchesOf(node).map(({ pointer, ...branch }) => ({
          ...branch,
          whenPointer: `${node.pointer}/config${pointer}`,
        })),
        hasDefault: true,
        pointer: node.pointer,
        isExclusive: true,
      }));
  }
}

function* found({ branches, hasDefault, pointer, isExclusive }: ConditionList): Generator<Violation> {
  if (branches.length === 0) return;
  for (const warning of coverage({ branches, hasDefault, pointer: '' })) {
    const [, index, rest = ''] = /^\/(\d+)\/when(.*)$/.exec(warning.pointer) ?? [];
    const branch = index === undefined ? undefined : branches[Number(index)];
    const isOrderOnly = warning.code === 'condition-overlap' || /is never taken/.test(warning.message);
    if (!isExclusive && isOrderOnly) continue;
    const { message, hint } = warning;
    if (branch) yield advice(warning.code, branch.whenPointer + rest, message, hint);
    else yield advice('no-default', pointer, message, hint);
  }
}
