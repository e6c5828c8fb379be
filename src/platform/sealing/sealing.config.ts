import { z } from 'zod';
import { configuration, setting } from '../config/configuration.js';

export class SealingConfig extends configuration('Encryption', {
  key: setting(
    'ENCRYPTION_KEY',
    z
      .base64('must be base64')
      .refine(
        (text) => Buffer.from(text, 'base64').length === 32,
        'must be 32 bytes in base64 (openssl rand -base64 32)',
      )
      .optional(),
    'Key that seals what is stored encrypted: 32 bytes in base64. Required in production with DATABASE_URL.',
    { secret: true, shownDefault: 'a 0600 file in DATA_DIR' },
  ),
}) {}
