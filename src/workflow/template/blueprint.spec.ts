import { z } from 'zod';
import type { Definition } from '../definition/definition.js';
import { filledInput } from '../definition/filled-input.js';
import { resolveReferences } from '../definition/reference.js';
import {
  blueprintOfBuiltIn,
  blueprintOfDefinition,
  contentFaults,
  derived,
  parameterSchemaOf,
  settled,
  type Blueprint,
} from './blueprint.js';
import type { TemplateContent } from './custom-template.js';
import type { ParameterSchema } from './parameter-rules.js';

const graph = (config: object): Definition => ({
  kind: 'graph',
  nodes: [{ id: 'm', type: 'model', config: { ...config } }],
  edges: [],
});

const BUILT_IN = blueprintOfBuiltIn(
  {
    name: 'x',
    title: 'X',
    description: '',
    parameters: z.strictObject({
      systemMessage: z.string().max(100).optional(),
      window: z.number().int().max(100),
      filter: z.strictObject({ lang: z.string(), tags: z.array(z.string()) }),
    }),
    defaults: { window: 20, filter: { lang: 'en', tags: ['a', 'b'] } },
  },
  { build: (parameters) => graph(parameters as object) },
);

const OWN_SCHEMA = {
  type: 'object',
  properties: {
    tone: { type: 'string', minLength: 2, default: 'dry' },
    place: { type: 'string' },
    filter: { type: 'object', properties: { lang: { type: 'string' }, tags: { type: 'array' } } },
  },
  required: ['place'],
} as unknown as ParameterSchema;

const OWN = blueprintOfDefinition(graph({ system: 'Be {{input.tone}} in {{input.place}}.' }), {
  parameterSchema: OWN_SCHEMA,
});

/** What the only node is configured with in a run with `input`; what of it came as parameters is `sent`. */
function configured(
  blueprint: Blueprint,
  given: Record<string, unknown>,
  input: Record<string, unknown> = {},
  sent: Record<string, unknown> = input,
): unknown {
  const { parameters, faults } = settled(blueprint, given);
  expect(faults).toEqual([]);
  const definition = blueprint.build(parameters, { sent, locked: blueprint.locked });
  const [node] = definition.kind === 'graph' ? definition.nodes : [];
  const scope = { input: filledInput(definition.input, input), variables: {}, nodes: {} };
  return resolveReferences(node?.config, scope);
}

const pointersOf = (blueprint: Blueprint, given: Record<string, unknown>): string[] =>
  settled(blueprint, given)
    .faults.map(({ pointer }) => pointer)
    .sort();

describe('parameters', () => {
  it('merge deeply over the defaults of every ancestor, the nearest last', () => {
    const child = derived(BUILT_IN, { parameters: { window: 30, filter: { tags: ['c'] } } });
    const grandchild = derived(child, { parameters: { filter: { lang: 'de' } } });
    expect(grandchild.defaults).toEqual({ window: 30, filter: { lang: 'de', tags: ['c'] } });
    expect(configured(grandchild, { window: 40 })).toEqual({ window: 40, filter: { lang: 'de', tags: ['c'] } });
    expect(BUILT_IN.defaults).toEqual({ window: 20, filter: { lang: 'en', tags: ['a', 'b'] } });
  });

  it('fall back to what the caller knows where no template says anything', () => {
    expect(settled(OWN, {}, { tone: 'warm', place: 'Rome', model: 'm' }).parameters).toEqual({
      tone: 'dry',
      place: 'Rome',
    });
  });

  it('that are unknown or do not fit are faults, all of them', () => {
    expect(pointersOf(BUILT_IN, { window: 101, colour: 1, filter: { lang: 5, x: 1 } })).toEqual([
      '/colour',
      '/filter/lang',
      '/filter/x',
      '/window',
    ]);
    expect(pointersOf(OWN, { tone: 'x', colour: 1 })).toEqual(['/colour', '/place', '/tone']);
  });

  it('that are locked are faults, also for an heir, and null does not take them away', () => {
    const locked = derived(BUILT_IN, { parameters: { window: 5 }, locked: ['window'] });
    const heir = derived(locked, {});
    expect(pointersOf(heir, { window: 6 })).toEqual(['/window']);
    expect(pointersOf(heir, { window: null })).toContain('/window');
    const content: TemplateContent = { parameters: { window: 7 }, locked: ['colour'] };
    expect(contentFaults(derived(locked, content), content, locked).map(({ pointer }) => pointer)).toEqual([
      '/parameters/window',
      '/locked/0',
    ]);
  });

  it('show in the schema as defaults, constants and what is still required', () => {
    const heir = derived(OWN, { parameters: { tone: 'warm' }, locked: ['tone'] });
    expect(parameterSchemaOf(heir)).toMatchObject({
      properties: { tone: { type: 'string', minLength: 2, const: 'warm' }, place: { type: 'string' } },
      required: ['place'],
      additionalProperties: false,
    });
    expect(parameterSchemaOf(heir).properties.tone).not.toHaveProperty('default');
    expect(parameterSchemaOf(derived(OWN, { parameters: { place: 'Rome' } })).required).toBeUndefined();
  });
});

describe('free text', () => {
  const text = 'Say {{input.message}} and {{user.id}}.';

  it('of a caller is data in the input, never part of the nodes', () => {
    const sent = { message: 'SECRET', systemMessage: text };
    const { parameters } = settled(BUILT_IN, { systemMessage: text });
    const definition = BUILT_IN.build(parameters, { sent, locked: BUILT_IN.locked });
    expect(JSON.stringify(definition)).not.toContain('Say');
    expect(configured(BUILT_IN, { systemMessage: text }, sent)).toMatchObject({ systemMessage: text });
  });

  it('that differs from caller to caller leaves the definition the same', () => {
    const build = (systemMessage: string): Definition =>
      BUILT_IN.build(settled(BUILT_IN, { systemMessage }).parameters, { sent: { systemMessage }, locked: new Set() });
    expect(build('A')).toEqual(build('B'));
  });

  it('of a template or an author holds by default, to the letter', () => {
    const child = derived(BUILT_IN, { parameters: { systemMessage: text } });
    expect(configured(child, {}, { message: 'SECRET' })).toMatchObject({ systemMessage: text });
    expect(configured(BUILT_IN, { systemMessage: text }, { message: 'SECRET' })).toMatchObject({ systemMessage: text });
    expect(configured(OWN, { place: text, tone: 'warm' }, { message: 'SECRET' })).toEqual({
      system: `Be warm in ${text}.`,
    });
  });

  it('that is locked holds against the input', () => {
    const child = derived(BUILT_IN, { parameters: { systemMessage: 'Be kind.' }, locked: ['systemMessage'] });
    expect(configured(child, {}, { systemMessage: 'Be rude.' }, {})).toMatchObject({ systemMessage: 'Be kind.' });
    const own = derived(OWN, { parameters: { tone: 'warm', place: 'Rome' }, locked: ['tone'] });
    expect(configured(own, {}, { tone: 'cold', place: 'Oslo' }, {})).toEqual({ system: 'Be warm in Oslo.' });
  });

  it('that is one reference to the input is passed on as that, for templates used as children', () => {
    const given = { systemMessage: '{{input.voice}}' };
    expect(configured(BUILT_IN, given, { voice: text })).toMatchObject({ systemMessage: text });
    expect(configured(BUILT_IN, given, { systemMessage: '{{input.voice}}', voice: 'No.' })).toMatchObject(given);
  });
});

describe('a template with a definition of its own', () => {
  it('completes the input with its parameters, and lets what is sent go first', () => {
    expect(configured(OWN, { place: 'Rome' })).toEqual({ system: 'Be dry in Rome.' });
    expect(configured(OWN, { place: 'Rome' }, { place: 'Rome' })).toEqual({ system: 'Be dry in Rome.' });
  });

  it('gives nodes the merged value of a parameter that was sent in part', () => {
    const blueprint = blueprintOfDefinition(graph({ filter: '{{input.filter}}' }), {
      parameterSchema: { ...OWN_SCHEMA, required: [] },
      parameters: { filter: { lang: 'en', tags: ['a'] } },
    });
    const sent = { filter: { lang: 'de' } };
    expect(configured(blueprint, sent, sent)).toEqual({ filter: { lang: 'de', tags: ['a'] } });
  });

  it('keeps what its definition says of the input', () => {
    const definition = { ...graph({}), input: { type: 'object', title: 'In', properties: { n: { type: 'number' } } } };
    const built = blueprintOfDefinition(definition, { parameterSchema: OWN_SCHEMA }).build(
      { place: 'Rome' },
      { sent: {}, locked: new Set() },
    );
    expect(built.input).toEqual({
      type: 'object',
      title: 'In',
      properties: {
        n: { type: 'number' },
        tone: { type: 'string', minLength: 2 },
        place: { type: 'string', default: 'Rome' },
        filter: OWN_SCHEMA.properties.filter,
      },
    });
  });
});
