import type { Principal } from '../../platform/http/principal.js';
import { pluginKind } from '../../platform/plugin/plugin.registry.js';
import type { DefinitionView } from './definition-view.js';
import type { Violation } from './violation.js';

/** Makes a class a rule of validation: one file in `rules`, plus one line in validation.providers.ts. */
export const ValidationRule = pluginKind('validation rule');

export interface Rule {
  /**
   * What the rule finds, in any order. The view holds only what is well formed, so a rule needs no checks of structure.
   * Takes time about linear in the definition, and waits for nothing that has no limit.
   */
  check(view: DefinitionView, caller: Principal): Iterable<Violation> | AsyncIterable<Violation>;
}
