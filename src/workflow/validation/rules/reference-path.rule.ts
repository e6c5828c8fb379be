import { Injectable } from '@nestjs/common';
import type { DefinitionView } from '../definition-view.js';
import { referencesIn, type Reference } from '../template-references.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { advice, fault, quoted, type Violation } from '../violation.js';

/** Names that lead to an object's prototype elsewhere. */
const PROTOTYPE: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** What other template languages have between braces, and this one has not. */
const FOREIGN = /^[#/>^!&]|[|()]/;

/** A reference is names joined by dots, of own properties. */
@Injectable()
@ValidationRule()
export class ReferencePathRule implements Rule {
  *check({ levels }: DefinitionView): Iterable<Violation> {
    for (const level of levels) for (const reference of referencesIn(level)) yield* check(reference);
  }
}

function* check({ path, names, pointer, use }: Reference): Generator<Violation> {
  const refused = names.find((name) => PROTOTYPE.has(name.trim()));
  if (refused !== undefined)
    yield fault(
      'prototype-path',
      pointer,
      `The reference ${quoted(path)} names ${quoted(refused.trim())}, which is never looked up.`,
      'References reach own properties of values only. Use another name.',
    );
  else if (use !== 'condition' && (FOREIGN.test(path) || names.includes('')))
    yield advice(
      'invalid-reference',
      pointer,
      `"{{" and "}}" enclose ${quoted(path)}, which is no path: nothing is found there.`,
      'Write names joined by dots, such as {{input.topic}}. There are no expressions, filters or blocks.',
    );
}
