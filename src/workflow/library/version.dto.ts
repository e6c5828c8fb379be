import type { Definition } from '../definition/definition.js';
import { Id, Int, JsonObject, Text, Time } from '../../platform/http/fields.js';
import { pageOf } from '../../platform/http/page.js';
import type { Version, VersionSummary } from './workflow.js';
import { definition } from './workflow.dto.js';

const note = { description: 'What is new in it.', example: 'Asks for the order number first.', min: 1, max: 1_000 };

export class PublishDto {
  @Text({ ...note, optional: true })
  readonly note?: string;
}

export class RollbackDto {
  @Int({ description: 'The version that the name is to run.', min: 1, max: 2_147_483_647, example: 2 })
  readonly version!: number;
}

/** A version without its definition. */
export class VersionSummaryDto implements VersionSummary {
  @Id({ description: 'The workflow.' })
  readonly workflowId!: string;

  @Int({ description: 'From 1 without gaps.', min: 1, example: 3 })
  readonly version!: number;

  @Text({
    description: 'Content hash of the definition (SHA-256, hex); runs name it too.',
    max: 64,
    example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  })
  readonly hash!: string;

  @Text({ ...note, optional: true })
  readonly note?: string;

  @Id({ description: 'The user who published it.' })
  readonly createdBy!: string;

  @Time({ description: 'When it was published.' })
  readonly createdAt!: string;
}

export class VersionDto extends VersionSummaryDto implements Version {
  @JsonObject({ ...definition, description: 'What it runs; never changes.' })
  readonly definition!: Definition;
}

export class VersionPageDto extends pageOf(VersionSummaryDto) {}
