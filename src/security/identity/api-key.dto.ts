import { Id, Text, TextList, Time } from '../../platform/http/fields.js';
import type { ApiKeyEntity } from './api-key.entity.js';

const SCOPES = 'What the key may do, `<resource>:<read|write>`; write includes read.';

export class CreateApiKeyDto {
  @Text({ description: 'What the key is for.', example: 'nightly report', min: 1, max: 100 })
  readonly name!: string;

  @TextList({
    description: `${SCOPES} Absent: all rights of the user.`,
    example: ['runs:read', 'conversations:write'],
    minItems: 1,
    maxItems: 100,
    maxLength: 50,
    optional: true,
  })
  readonly scopes?: readonly string[];

  @Time({
    description: 'When the key stops working, in the future. Absent: never.',
    example: '2099-12-31T00:00:00.000Z',
    optional: true,
  })
  readonly expiresAt?: string;
}

export class ApiKeyDto {
  @Id({ description: 'The id of the key, not the key.' })
  readonly id!: string;

  @Text({ description: 'What the key is for.', example: 'nightly report', max: 100 })
  readonly name!: string;

  @Text({ description: 'How the key begins.', example: 'ck_x7Yk2pQz', max: 11 })
  readonly prefix!: string;

  @TextList({
    description: `${SCOPES} Null: all rights of the user.`,
    example: ['runs:read'],
    maxItems: 100,
    maxLength: 50,
    nullable: true,
  })
  readonly scopes!: readonly string[] | null;

  @Time({ description: 'When the key stops working. Null: never.', nullable: true })
  readonly expiresAt!: string | null;

  @Time({ description: 'The last use, to the minute. Null: never used.', nullable: true })
  readonly lastUsedAt!: string | null;

  @Time({ description: 'When the key was made.' })
  readonly createdAt!: string;
}

export class NewApiKeyDto extends ApiKeyDto {
  @Text({
    description: 'The key. It is shown this once.',
    example: 'ck_x7Yk2pQz1vN8sT4uWbCdEfGhIjKlMnOpQrStUvWxYz0',
    max: 46,
  })
  readonly key!: string;
}

export const toApiKeyDto = ({
  id,
  name,
  prefix,
  scopes,
  expiresAt,
  lastUsedAt,
  createdAt,
}: ApiKeyEntity): ApiKeyDto => ({
  id,
  name,
  prefix,
  scopes,
  expiresAt: expiresAt?.toISOString() ?? null,
  lastUsedAt: lastUsedAt?.toISOString() ?? null,
  createdAt: createdAt.toISOString(),
});
