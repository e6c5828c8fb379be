import type { FieldFault } from '../../platform/problem/problem.js';
import type { Definition } from '../definition/definition.js';
import type { TemplateContent } from './custom-template.js';
import { deepMerge } from './deep-merge.js';
import { inputReference, isInputReference, withInput, type Sending } from './input-schema.js';
import { jsonSchemaRules } from './json-schema-rules.js';
import {
  withoutDefault,
  zodRules,
  type Members,
  type ParameterRules,
  type ParameterSchema,
} from './parameter-rules.js';
import type { TemplateBuilder, TemplateOptions } from './template.js';

/** A template with all it inherits. */
export interface Blueprint {
  readonly rules: ParameterRules;
  readonly defaults: Members;
  /** Parameters that no caller changes. */
  readonly locked: ReadonlySet<string>;
  /** Whether it answers a message, which its input must have; else its definition says what its input is. */
  readonly answersMessage: boolean;
  /** `parameters` are whole and free of faults. */
  build(parameters: Members, sending: Sending): Definition;
}

/** The one parameter of built-in templates that is free text. */
const FREE_TEXT = 'systemMessage';

export function blueprintOfBuiltIn({ parameters, defaults }: TemplateOptions, builder: TemplateBuilder): Blueprint {
  const rules = zodRules(parameters);
  const freeText = { [FREE_TEXT]: rules.schema.properties[FREE_TEXT] ?? {} };
  return {
    rules,
    defaults,
    locked: new Set(),
    answersMessage: true,
    build: (given, sending) => {
      const text = given[FREE_TEXT];
      if (text === undefined) return builder.build(given);
      if (isInputReference(text) && !Object.hasOwn(sending.sent, FREE_TEXT)) return builder.build(given);
      const definition = builder.build({ ...given, [FREE_TEXT]: inputReference(FREE_TEXT) });
      return withInput(definition, freeText, given, sending);
    },
  };
}

const NO_PARAMETERS: ParameterSchema = { type: 'object', properties: {} };

/** Of a template that brings its own definition; its nodes name parameters as `{{input.x}}`. */
export function blueprintOfDefinition(definition: Definition, content: TemplateContent): Blueprint {
  const rules = jsonSchemaRules(content.parameterSchema ?? NO_PARAMETERS);
  const { properties } = rules.schema;
  const written = Object.entries(properties).map(([name, property]) => [name, property.default] as const);
  return {
    rules,
    defaults: deepMerge(Object.fromEntries(written), content.parameters ?? {}),
    locked: new Set(content.locked),
    answersMessage: false,
    build: (parameters, sending) => withInput(definition, properties, parameters, sending),
  };
}

/** Of a template that extends another: the same definition from other defaults. */
export const derived = (base: Blueprint, { parameters = {}, locked = [] }: TemplateContent): Blueprint => ({
  ...base,
  defaults: deepMerge(base.defaults, parameters),
  locked: new Set([...base.locked, ...locked]),
});

/** What a template says of parameters that they cannot be, with pointers into it; `base` is what it extends, if anything. */
export function contentFaults(
  blueprint: Blueprint,
  { parameters = {}, locked = [] }: TemplateContent,
  base: Blueprint | undefined,
): readonly FieldFault[] {
  const { properties } = blueprint.rules.schema;
  return [
    ...lockedFaults(base?.locked ?? new Set(), parameters, '/parameters'),
    ...below('/parameters', blueprint.rules.faults(blueprint.defaults, { partial: true })),
    ...locked.flatMap((name, index) =>
      Object.hasOwn(properties, name)
        ? []
        : [{ pointer: `/locked/${index}`, detail: 'is no parameter of the template' }],
    ),
  ];
}

/** What a template is built from, or why it cannot be. */
export interface Settled {
  readonly parameters: Members;
  /** With pointers from the parameters' root. */
  readonly faults: readonly FieldFault[];
}

/** `given` over the template's defaults over `fallback`, of which only what the template takes counts. */
export function settled(blueprint: Blueprint, given: Members, fallback: Members = {}): Settled {
  const { properties } = blueprint.rules.schema;
  const taken = Object.entries(fallback).filter(([name]) => Object.hasOwn(properties, name));
  const parameters = deepMerge(deepMerge(Object.fromEntries(taken), blueprint.defaults), given);
  return { parameters, faults: [...lockedFaults(blueprint.locked, given, ''), ...blueprint.rules.faults(parameters)] };
}

/** The JSON Schema of the parameters with the defaults that hold; what is locked is a constant. */
export function parameterSchemaOf({ rules: { schema }, defaults, locked }: Blueprint): ParameterSchema {
  const { required = [], properties, ...rest } = schema;
  const shown = Object.entries(properties).map(([name, written]) => {
    const property = withoutDefault(written);
    if (!Object.hasOwn(defaults, name)) return [name, property] as const;
    return [name, { ...property, [locked.has(name) ? 'const' : 'default']: defaults[name] }] as const;
  });
  const needed = required.filter((name) => !Object.hasOwn(defaults, name));
  return {
    ...rest,
    properties: Object.fromEntries(shown),
    ...(needed.length > 0 && { required: needed }),
    additionalProperties: false,
  };
}

/** The faults with `parent` before their pointers. */
export const below = (parent: string, faults: readonly FieldFault[]): readonly FieldFault[] =>
  faults.map(({ pointer, detail }) => ({ pointer: `${parent}${pointer}`, detail }));

const lockedFaults = (locked: ReadonlySet<string>, given: Members, parent: string): readonly FieldFault[] =>
  Object.keys(given)
    .filter((name) => locked.has(name))
    .map((name) => ({ pointer: `${parent}/${name}`, detail: 'is locked by the template' }));
