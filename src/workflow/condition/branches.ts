import { evaluate, type Reason } from './condition.js';
import type { ReferenceScope } from '../definition/lookup.js';
import type { When } from './when.js';

export interface Branch {
  readonly id: string;
  readonly when: When;
}

/** Which branch was taken and why, as it is kept with the run. */
export interface Decision {
  /** The id of the first branch that matched; null when none did and the default is due. */
  readonly branch: string | null;
  /** The branches that were tried, in order; those after the first match were not. */
  readonly explanation: readonly Tried[];
}

export interface Tried {
  readonly branch: string;
  readonly matched: boolean;
  readonly reasons: readonly Reason[];
}

/** The first branch whose `when` the scope fulfils. Total, as `evaluate` is. */
export function decide(branches: readonly Branch[], scope: ReferenceScope): Decision {
  const explanation: Tried[] = [];
  for (const { id, when } of branches) {
    const { matched, reasons } = evaluate(when, scope);
    explanation.push({ branch: id, matched, reasons });
    if (matched) return { branch: id, explanation };
  }
  return { branch: null, explanation };
}
