import { z } from 'zod';
import { configuration, setting } from '../config/configuration.js';
import { integer } from '../config/values.js';

export class QueueConfig extends configuration('Queue', {
  redisUrl: setting(
    'REDIS_URL',
    z
      .string()
      .regex(/^rediss?:\/\/./, 'must be a redis:// or rediss:// URL')
      .optional(),
    'Redis (6.2 or newer) that tells processes of work. Unset: the database does.',
    { secret: true, shownDefault: 'the database' },
  ),
  prefix: setting(
    'QUEUE_PREFIX',
    z
      .string()
      .regex(/^[\w-]{1,64}$/, 'must be 1 to 64 letters, digits, _ or -')
      .default('chatter'),
    'Beginning of the keys in Redis; installations that share a Redis need different ones.',
  ),
  reconcileMs: setting(
    'QUEUE_RECONCILE_MS',
    integer(100, 600_000).default(5_000),
    'Time between two looks at the tables for due work that no queue told of.',
  ),
}) {}
