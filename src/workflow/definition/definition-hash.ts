import { contentHash } from '../../platform/schema/canonical-json.js';
import type { Definition } from './definition.js';

/** The content hash of a definition (SHA-256, hex): equal for equal content whatever the order of keys. */
export const definitionHash = (definition: Definition): string => contentHash(definition);
