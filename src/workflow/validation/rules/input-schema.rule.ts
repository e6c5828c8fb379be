import { Injectable } from '@nestjs/common';
import type { DefinitionView } from '../definition-view.js';
import { MAX_CHARACTERS, schemaProblem } from '../input-schema.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { advice, fault, type Violation } from '../violation.js';

/** Compiling is dear: so many characters of different schemas are compiled for one definition. */
const MAX_COMPILED = 65_536;

/** The schema of an input must be one that inputs can be checked with. */
@Injectable()
@ValidationRule()
export class InputSchemaRule implements Rule {
  async *check({ levels }: DefinitionView): AsyncIterable<Violation> {
    const problems = new Map<string, string | undefined>();
    let left = MAX_COMPILED;
    for (const { input, pointer } of levels) {
      if (!input) continue;
      const text = JSON.stringify(input);
      if (!problems.has(text)) {
        if (text.length <= MAX_CHARACTERS) left -= text.length;
        problems.set(text, left < 0 ? undefined : await schemaProblem(input));
      }
      const problem = problems.get(text);
      if (problem !== undefined) yield invalid(pointer, problem);
    }
    if (left < 0) yield TOO_MUCH;
  }
}

const TOO_MUCH = advice(
  'input-schema-not-checked',
  '',
  `The definitions have more than ${MAX_COMPILED} characters of input schemas; not all of them were checked.`,
  'Shorten the schemas, or leave out those of inner definitions.',
);

const invalid = (pointer: string, problem: string): Violation =>
  fault(
    'invalid-input-schema',
    `${pointer}/input`,
    `The schema of the input cannot be used: ${problem}.`,
    'Correct it: a JSON Schema (draft 2020-12, 2019-09 or 7) whose $ref all point into itself.',
  );
