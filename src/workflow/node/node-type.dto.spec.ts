import { z } from 'zod';
import { Definition } from '../definition/definition.js';
import { NodeTypeDto } from './node-type.dto.js';

describe('what a node type tells of itself', () => {
  const described = { type: 't', title: 'T', description: 'd', ports: ['next'] } as const;

  it('is the form of its configuration as it is written, defaults not required', () => {
    const config = z.strictObject({ window: z.number().default(20), text: z.string() });
    expect(NodeTypeDto.of({ ...described, config })).toMatchObject({
      configSchema: { required: ['text'], properties: { window: { default: 20, type: 'number' } } },
      dynamicPorts: false,
      optionalPorts: [],
    });
  });

  it('also when the form holds definitions, which hold themselves', () => {
    const { configSchema } = NodeTypeDto.of({ ...described, config: z.strictObject({ body: Definition }) });
    expect(JSON.stringify(configSchema)).toContain('"$ref"');
  });

  it('is that its ports depend on its configuration, with those it has anyway', () => {
    const ports = ({ more = [] }: { readonly more?: unknown }) => ['next', ...(more as string[])];
    expect(NodeTypeDto.of({ ...described, config: z.strictObject({}), ports })).toMatchObject({
      ports: ['next'],
      dynamicPorts: true,
    });
  });
});
