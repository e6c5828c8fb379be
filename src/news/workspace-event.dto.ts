import { Id, Text, Time } from '../platform/http/fields.js';

export class WorkspaceEventsQuery {
  @Text({
    description: 'Id of the last event the reader has; first comes what happened since, at most an hour back.',
    max: 128,
    optional: true,
    example: '1764288000000-run.ended-019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b',
  })
  readonly after?: string;
}

/** Beside these an event has what belongs to its type. */
export class WorkspaceEventDto {
  @Text({ description: 'What happened: a kind of thing and what became of it.', max: 64, example: 'run.ended' })
  readonly type!: string;

  @Time({ description: 'When.' })
  readonly at!: string;

  @Id({ description: 'The thing: a run, an approval, a document, a ticket or a workflow, by the type.' })
  readonly id!: string;
}
