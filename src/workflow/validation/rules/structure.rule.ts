import { Injectable } from '@nestjs/common';
import type { DefinitionView } from '../definition-view.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import type { Violation } from '../violation.js';

/** What the reader of the definition found: parts that are not well formed, or too many. */
@Injectable()
@ValidationRule()
export class StructureRule implements Rule {
  check({ faults }: DefinitionView): Iterable<Violation> {
    return faults;
  }
}
