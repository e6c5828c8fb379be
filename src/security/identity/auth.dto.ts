import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { Email, Flag, Id, Int, Nested, Text, Time } from '../../platform/http/fields.js';
import type { UserEntity } from './user.entity.js';

/** Any Unicode, in the one form (NFKC) that every keyboard's way of composing it leads to; its length is that form's. */
const Password = (description: string, min: number) =>
  applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.normalize('NFKC') : value)),
    Text({ description, example: 'correct horse battery staple', min, max: 128 }),
  );

const EMAIL = { description: 'Upper and lower case do not differ.', example: 'ada@example.com' };

export class RegisterDto {
  @Email(EMAIL)
  readonly email!: string;

  @Password('8 to 128 characters, any Unicode.', 8)
  readonly password!: string;

  @Text({ description: 'How to be called.', example: 'Ada Lovelace', min: 1, max: 200, optional: true })
  readonly name?: string;
}

export class LoginDto {
  @Email(EMAIL)
  readonly email!: string;

  @Password('The password of the account.', 1)
  readonly password!: string;
}

export class RefreshDto {
  @Text({
    description: 'The refresh token of the last answer. It can be used once.',
    example: 'rt_Zm9v...',
    min: 1,
    max: 200,
  })
  readonly refreshToken!: string;
}

export class ChangePasswordDto {
  @Password('The present password.', 1)
  readonly currentPassword!: string;

  @Password('8 to 128 characters, any Unicode.', 8)
  readonly newPassword!: string;
}

export class UpdateMeDto {
  @Text({ description: 'How to be called.', example: 'Ada Lovelace', min: 1, max: 200, optional: true, nullable: true })
  readonly name?: string | null;
}

export class UserDto {
  @Id({ description: 'The user.' })
  readonly id!: string;

  @Email({ description: 'The e-mail address as it was given.', example: 'ada@example.com' })
  readonly email!: string;

  @Text({ description: 'How to be called.', example: 'Ada Lovelace', max: 200, nullable: true })
  readonly name!: string | null;

  @Flag({ description: 'Whether the user administers the system. This opens no workspace.', example: false })
  readonly isSystemAdmin!: boolean;

  @Id({ description: "The user's own workspace, in which requests act by default." })
  readonly personalWorkspaceId!: string;

  @Time({ description: 'When the user registered.' })
  readonly createdAt!: string;
}

export class TokenPairDto {
  @Text({
    description: 'Send it as `Authorization: Bearer`.',
    example: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9...',
    max: 2048,
  })
  readonly accessToken!: string;

  @Text({ description: 'Good for one refresh.', example: 'rt_Zm9v...', max: 200 })
  readonly refreshToken!: string;

  @Text({ description: 'Always Bearer.', example: 'Bearer', max: 6 })
  readonly tokenType!: 'Bearer';

  @Int({ description: 'Seconds the access token lives.', example: 600 })
  readonly expiresIn!: number;
}

export class SignedInDto extends TokenPairDto {
  @Nested(() => UserDto, { description: 'Who is signed in.' })
  readonly user!: UserDto;
}

export const toUserDto = ({ id, email, name, isSystemAdmin, personalWorkspaceId, createdAt }: UserEntity): UserDto => ({
  id,
  email,
  name,
  isSystemAdmin,
  personalWorkspaceId,
  createdAt: createdAt.toISOString(),
});
