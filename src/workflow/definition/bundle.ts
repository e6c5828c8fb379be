import type { Definition, WorkflowTarget } from './definition.js';
import { canonicalJson, contentHash } from '../../platform/schema/canonical-json.js';
import { definitionHash } from './definition-hash.js';

/** What a reference stood for when the run that uses it began. */
export interface PinnedWorkflow {
  readonly id?: string;
  readonly name?: string;
  readonly version?: number;
  readonly definition: Definition;
}

/** A definition with everything it refers to, at any depth, as it was at one moment. */
export interface Bundle {
  readonly definition: Definition;
  /** By {@link pinKey}. */
  readonly pins: Readonly<Record<string, PinnedWorkflow>>;
}

/** The name a reference with its parameters is pinned under. */
export const pinKey = ({ workflow, parameters }: WorkflowTarget): string =>
  parameters === undefined ? (workflow ?? '') : `${workflow ?? ''} ${canonicalJson(parameters)}`;

/** The content hash of a definition with what it refers to; of one that refers to nothing, its own. */
export const bundleHash = ({ definition, pins }: Bundle): string =>
  Object.keys(pins).length === 0 ? definitionHash(definition) : contentHash({ definition, pins });
