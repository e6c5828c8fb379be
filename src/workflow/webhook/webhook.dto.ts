import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { IsObject, ValidateIf, ValidateNested } from 'class-validator';
import { Text } from '../../platform/http/fields.js';
import { MAX_URL_LENGTH } from '../../security/egress/url-policy.js';

const URL_PATTERN = /^https?:\/\//i;
/** 24 to 64 bytes in base64, as the Standard Webhooks specification has it. */
const SECRET_PATTERN = /^whsec_(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const SECRET_LENGTH = { min: 38, max: 94 };

/** Whom to tell of the end of a run. */
export class WebhookDto {
  @Text({
    description: 'Where the end of the run is posted: http or https, a public address.',
    min: 1,
    max: MAX_URL_LENGTH,
    pattern: URL_PATTERN,
    patternHint: 'must begin with http:// or https://',
    example: 'https://example.com/hooks/chatter',
  })
  readonly url!: string;

  @Text({
    description: 'Signs the posts (standardwebhooks.com). Absent: one is made and answered once.',
    ...SECRET_LENGTH,
    pattern: SECRET_PATTERN,
    patternHint: 'must be whsec_ and 24 to 64 bytes in base64',
    optional: true,
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  })
  readonly secret?: string;
}

/** An optional {@link WebhookDto}; in a request its URL alone will do. */
export function WebhookField(): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional(DOCUMENTED),
    ValidateIf((_, value: unknown) => value !== undefined),
    IsObject({ message: 'must be a URL or an object' }),
    ValidateNested(),
    Type(() => WebhookDto),
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? Object.assign(new WebhookDto(), { url: value }) : value,
    ),
  );
}

const url = { type: 'string', format: 'uri', minLength: 1, maxLength: MAX_URL_LENGTH, pattern: '^https?://' } as const;
const secret = {
  type: 'string',
  minLength: SECRET_LENGTH.min,
  maxLength: SECRET_LENGTH.max,
  pattern: SECRET_PATTERN.source,
} as const;

const DOCUMENTED: ApiPropertyOptions = {
  description:
    'Where the end of the run is posted, signed as standardwebhooks.com has it. Without a secret one is made and answered once.',
  oneOf: [url, { type: 'object', properties: { url, secret }, required: ['url'], additionalProperties: false }],
  example: { url: 'https://example.com/hooks/chatter' },
};
