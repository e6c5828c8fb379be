import { Injectable } from '@nestjs/common';
import type { DefinitionView } from '../definition-view.js';
import { scopeOf } from '../level-scope.js';
import { referencesIn } from '../template-references.js';
import { ValidationRule, type Rule } from '../validation-rule.js';
import { advice, fault, quoted, type Violation } from '../violation.js';

/** `{{item}}` and `{{index}}` are there in bodies of map and loop. */
@Injectable()
@ValidationRule()
export class ItemReferenceRule implements Rule {
  *check({ levels }: DefinitionView): Iterable<Violation> {
    for (const level of levels) {
      const { item } = scopeOf(level);
      if (item === 'there') continue;
      for (const { names, path, pointer, use } of referencesIn(level)) {
        if ((names[0] !== 'item' && names[0] !== 'index') || use === 'late') continue;
        const message = `The reference ${quoted(path)} finds nothing outside of a body of map or loop.`;
        const hint = 'Use it in the body, or refer to {{input...}} or a variable.';
        yield item === 'unknown'
          ? advice('item-outside-body', pointer, message, `${hint} Leave it if this workflow is only named as a body.`)
          : fault('item-outside-body', pointer, message, hint);
      }
    }
  }
}
