import type { Definition } from '../definition/definition.js';
import { canonicalJson } from '../../platform/schema/canonical-json.js';
import { withoutDefault, type Members } from './parameter-rules.js';

/** What of a template's parameters its runs are sent with their input, and what they may not change there. */
export interface Sending {
  readonly sent: Members;
  readonly locked: ReadonlySet<string>;
}

export const inputReference = (name: string): string => `{{input.${name}}}`;

/** Whether a text is one reference to the input and nothing else: passed on as that. */
export const isInputReference = (text: unknown): boolean =>
  typeof text === 'string' && /^\{\{input\.[^{}]{1,200}\}\}$/.test(text);

/**
 * The definition with an input schema that holds the values of its parameters, for nodes that name them as
 * `{{input.x}}`: there they are data, whatever they look like. Those that are sent need no value, so that one definition
 * serves all senders.
 */
export function withInput(
  definition: Definition,
  properties: Readonly<Record<string, Members>>,
  parameters: Members,
  { sent, locked }: Sending,
): Definition {
  const described = Object.entries(properties).map(([name, written]) => {
    const property = withoutDefault(written);
    const value = parameters[name];
    const isSent = Object.hasOwn(sent, name) && canonicalJson(sent[name]) === canonicalJson(value);
    if (value === undefined || (isSent && !locked.has(name))) return [name, property] as const;
    const isFixed = locked.has(name) || Object.hasOwn(sent, name);
    return [name, { ...property, [isFixed ? 'const' : 'default']: value }] as const;
  });
  if (described.length === 0) return definition;
  const own: unknown = definition.input?.properties;
  return {
    ...definition,
    input: {
      type: 'object',
      ...definition.input,
      properties: { ...(own as Members | undefined), ...Object.fromEntries(described) },
    },
  };
}
