import { Injectable } from '@nestjs/common';
import type { DefinitionView, Level } from '../definition-view.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { fault, quoted, type Violation } from '../violation.js';

@Injectable()
@ValidationRule()
export class DuplicateIdRule implements Rule {
  *check({ levels }: DefinitionView): Iterable<Violation> {
    for (const level of levels) {
      const seen = new Set<string>();
      const [subject, named] = namedIn(level);
      for (const { id, pointer } of named) {
        if (seen.has(id))
          yield fault(
            'duplicate-id',
            `${pointer}/id`,
            `The id ${quoted(id)} is used by an earlier ${subject} as well.`,
            'Give each its own id; edges and references know them by it.',
          );
        seen.add(id);
      }
    }
  }
}

interface Named {
  readonly id: string;
  readonly pointer: string;
}

function namedIn(level: Level): readonly [subject: string, named: readonly Named[]] {
  switch (level.kind) {
    case 'graph':
      return ['node', level.nodes];
    case 'conditional':
      return ['branch', level.branches];
    case 'composite':
      return ['child', level.children];
  }
}
