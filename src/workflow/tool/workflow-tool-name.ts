/** What every name begins with. */
const PREFIX = 'workflow__';
/** Names of tools are no longer than 64. */
const MAX_PLAIN = 64 - PREFIX.length;
const ID_TAIL = 12;

/** Fits as it is, and cannot be taken for one that was made to fit. */
const PLAIN = /^[A-Za-z0-9_-]+$/;
const MADE = /_[0-9a-f]{12}$/;

/**
 * The name of a published workflow as a tool: `workflow__` and its own name. One that is too long, has other characters
 * or looks like a made one is made to fit and ends with the last digits of the workflow's id, so that it does not depend
 * on what other workflows there are.
 */
export function workflowToolName({ id, name }: { readonly id: string; readonly name: string }): string {
  if (PLAIN.test(name) && name.length <= MAX_PLAIN && !MADE.test(name)) return `${PREFIX}${name}`;
  const fitting = name.normalize('NFKD').replace(/[^A-Za-z0-9_-]+/g, '_');
  return `${PREFIX}${fitting.slice(0, MAX_PLAIN - ID_TAIL - 1)}_${id.slice(-ID_TAIL)}`;
}

/** What a name says of the workflow: its name, or the end of its id; undefined when it is no workflow's. */
export function namedWorkflow(tool: string): { readonly name: string } | { readonly idTail: string } | undefined {
  if (!tool.startsWith(PREFIX)) return undefined;
  const rest = tool.slice(PREFIX.length);
  return MADE.test(rest) ? { idTail: rest.slice(-ID_TAIL) } : { name: rest };
}
