import { Id, Int, Text, TextList, Time } from '../../platform/http/fields.js';
import type { SecretSummary } from './secret.repository.js';

const NAME = { description: 'What the secret is called in the workspace.', example: 'crm token', max: 100 };
const PROVIDER = { example: 'openai', max: 100 };
const HOSTS = { example: ['api.example.com', '*.example.org', 'crm.example.net:8443'], maxItems: 20, maxLength: 260 };
const VALUE = { description: 'What is kept secret. It is never answered.', min: 1, max: 16_384 };

export class CreateSecretDto {
  @Text({ ...NAME, min: 1 })
  readonly name!: string;

  @Text({ ...VALUE, example: 'the value' })
  readonly value!: string;

  @TextList({
    ...HOSTS,
    description: 'Where it may be sent: host, host:port or *.domain. At least one, unless a provider is named.',
    optional: true,
  })
  readonly hosts?: readonly string[];

  @Text({
    ...PROVIDER,
    description:
      "The model provider whose key this is: calls of the workspace use it instead of the server's. One for each provider.",
    min: 1,
    optional: true,
  })
  readonly provider?: string;
}

export class RotateSecretDto {
  @Text({ ...VALUE, example: 'the new value' })
  readonly value!: string;
}

export class SecretDto {
  @Id({ description: 'Names the secret where it is used.' })
  readonly id!: string;

  @Text(NAME)
  readonly name!: string;

  @TextList({ ...HOSTS, description: 'Where it may be sent, in normal form.', maxItems: 21 })
  readonly hosts!: readonly string[];

  @Text({ ...PROVIDER, description: 'The model provider whose key this is; null: none.', nullable: true })
  readonly provider!: string | null;

  @Int({ description: 'Counts the rotations, from 1.', min: 1, example: 1 })
  readonly version!: number;

  @Time({ description: 'The last use, to the minute. Null: never used.', nullable: true })
  readonly lastUsedAt!: string | null;

  @Time({ description: 'When it was made.' })
  readonly createdAt!: string;

  @Time({ description: 'When it was last rotated, at first when it was made.' })
  readonly updatedAt!: string;
}

export const toSecretDto = ({ lastUsedAt, createdAt, updatedAt, ...secret }: SecretSummary): SecretDto => ({
  ...secret,
  lastUsedAt: lastUsedAt?.toISOString() ?? null,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
});
