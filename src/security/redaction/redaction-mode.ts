/** What a workspace does with personal data and secrets in content: nothing, mask them, or refuse the content. */
export const REDACTION_MODES = ['off', 'mask', 'block'] as const;
export type RedactionMode = (typeof REDACTION_MODES)[number];
