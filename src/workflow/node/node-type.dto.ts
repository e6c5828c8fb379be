import { z } from 'zod';
import { Flag, JsonObject, Text, TextList } from '../../platform/http/fields.js';
import { pageOf } from '../../platform/http/page.js';
import type { NodeTypeOptions } from './node-type.js';

export class NodeTypeDto {
  @Text({ description: 'The name that definitions use.', min: 1, max: 64, example: 'model' })
  readonly type!: string;

  @Text({ description: 'The name for people.', min: 1, max: 200, example: 'Model' })
  readonly title!: string;

  @Text({ description: 'What it does.', min: 1, max: 1_000, example: 'Asks a model once.' })
  readonly description!: string;

  @JsonObject({
    description:
      'JSON Schema (draft 2020-12) of its configuration as it is written; members may hold references instead.',
    example: { type: 'object', properties: { prompt: { type: 'string' } }, additionalProperties: false },
  })
  readonly configSchema!: Readonly<Record<string, unknown>>;

  @TextList({
    description: 'The ports it may leave by; with dynamicPorts those of a configuration that says nothing.',
    maxItems: 100,
    maxLength: 64,
    example: ['next'],
  })
  readonly ports!: readonly string[];

  @TextList({
    description: 'Ports that need no edge: without one, the node is left by "next".',
    maxItems: 100,
    maxLength: 64,
    example: [],
  })
  readonly optionalPorts!: readonly string[];

  @Flag({ description: 'Whether its configuration names its ports.', example: false })
  readonly dynamicPorts!: boolean;

  static of({ type, title, description, config, ports, optionalPorts = [] }: NodeTypeOptions): NodeTypeDto {
    return {
      type,
      title,
      description,
      configSchema: z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' }),
      ports: typeof ports === 'function' ? ports({}) : ports,
      optionalPorts,
      dynamicPorts: typeof ports === 'function',
    };
  }
}

export class NodeTypePageDto extends pageOf(NodeTypeDto) {}
