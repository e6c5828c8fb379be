import type { NodeDefinition } from '../definition/definition.js';

/** The ports a node may be left by: `own` of its type, and the one that its contained failure takes. */
export function portsWithFailure(own: readonly string[], onError: NodeDefinition['onError']): readonly string[] {
  if (onError === undefined || onError === 'fail') return own;
  const port = onError === 'continue' ? 'next' : onError.port;
  return own.includes(port) ? own : [...own, port];
}
