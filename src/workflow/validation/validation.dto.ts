import { ApiProperty } from '@nestjs/swagger';
import { Choice, Flag, JsonValue, Text } from '../../platform/http/fields.js';
import type { ValidationResult, Violation } from './violation.js';

export class ValidateWorkflowDto {
  @JsonValue({
    description: 'The definition, in any state: whatever is wrong with it is part of the answer.',
    example: {
      kind: 'graph',
      nodes: [{ id: 'answer', type: 'model', config: { prompt: '{{input.question}}' } }],
      output: { text: '{{text}}' },
    },
  })
  readonly definition!: unknown;
}

export class ViolationDto implements Violation {
  @Text({ description: 'What kind of fault it is.', min: 1, max: 100, example: 'dangling-edge' })
  readonly code!: string;

  @Choice(['error', 'warning'], { description: 'Whether it makes the definition invalid.', example: 'error' })
  readonly severity!: 'error' | 'warning';

  @Text({
    description: 'Where, a JSON pointer from the definition’s root; empty for the whole of it.',
    max: 1_000_000,
    example: '/edges/2/to',
  })
  readonly pointer!: string;

  @Text({
    description: 'What is wrong.',
    min: 1,
    max: 10_000,
    example: 'The edge from "search" to "anwser": there is no node "anwser".',
  })
  readonly message!: string;

  @Text({
    description: 'What to do about it.',
    min: 1,
    max: 10_000,
    example: 'Correct the id, or remove the edge. Did you mean "answer"?',
  })
  readonly hint!: string;
}

export class ValidationResultDto implements ValidationResult {
  @Flag({ description: 'Whether there is no error; warnings are advice.', example: false })
  readonly valid!: boolean;

  @ApiProperty({
    type: ViolationDto,
    isArray: true,
    description: 'Everything that was found, errors first; at most 500 and a last one that says there are more.',
  })
  readonly violations!: readonly ViolationDto[];
}
