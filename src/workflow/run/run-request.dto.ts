import { ApiProperty } from '@nestjs/swagger';
import { ApprovalDto } from '../approval/approval.dto.js';
import { Choice, Flag, JsonObject, Nested, Text } from '../../platform/http/fields.js';
import { WebhookDto, WebhookField } from '../webhook/webhook.dto.js';
import { RunDto, RunLimitsDto } from './run.dto.js';

export const RUN_MODES = ['wait', 'background'] as const;

/** What every request for a run may say. */
export class RunInputDto {
  @JsonObject({ description: 'What the workflow is given.', optional: true, example: { message: 'Hello' } })
  readonly input?: Readonly<Record<string, unknown>>;

  @Flag({
    description: 'Answer as an event stream; so does Accept: text/event-stream.',
    optional: true,
    example: false,
  })
  readonly stream?: boolean;

  @Choice(RUN_MODES, {
    description: 'Answer when the run has ended or waits for a person, or as soon as it is stored.',
    optional: true,
    default: 'wait',
    example: 'wait',
  })
  readonly mode?: (typeof RUN_MODES)[number];

  @Nested(() => RunLimitsDto, { description: 'Lower limits for this run.', optional: true })
  readonly limits?: RunLimitsDto;

  @JsonObject({ description: 'Kept with the run, which shows it.', optional: true, example: { ticket: 42 } })
  readonly metadata?: Readonly<Record<string, unknown>>;

  @WebhookField()
  readonly webhook?: WebhookDto;
}

export class RunRequestDto extends RunInputDto {
  @Text({
    description: 'Mode, template, or workflow by name or id, optionally "@version". This or `definition`.',
    min: 1,
    max: 200,
    optional: true,
    example: 'plain',
  })
  readonly workflow?: string;

  @JsonObject({ description: 'A definition to run as it is. This or `workflow`.', optional: true, maxBytes: 524_288 })
  readonly definition?: Readonly<Record<string, unknown>>;
}

export class RunReplyDto {
  @Nested(() => RunDto, { description: 'The run.' })
  readonly run!: RunDto;

  @ApiProperty({
    type: () => [ApprovalDto],
    required: false,
    description: 'What a person must decide before the run goes on, when it waits for that.',
  })
  readonly approvals?: readonly ApprovalDto[];

  @Text({
    description: 'The secret that signs the posts of the webhook, when it was made here. It is answered this once.',
    max: 94,
    optional: true,
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  })
  readonly webhookSecret?: string;
}

export class RerunRequestDto {
  @Text({
    description: 'The step to begin again with, by its id; all that had ended before it began is kept.',
    max: 2_000,
    optional: true,
    example: 'draft',
  })
  readonly fromStep?: string;

  @Text({
    description: 'The checkpoint to go on from, by its id. This or `fromStep`; without either all is run anew.',
    max: 200,
    optional: true,
    example: '12',
  })
  readonly checkpointId?: string;

  @JsonObject({ description: 'Another input; steps that are kept keep what they made of the old one.', optional: true })
  readonly input?: Readonly<Record<string, unknown>>;
}
