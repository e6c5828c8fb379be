import { z } from 'zod';

/** Schemas of environment variables: text in, value out. */
export const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^-?\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min).max(max));

export const flag = () =>
  z.enum(['true', 'false', '1', '0'], 'must be true or false').transform((text) => text === 'true' || text === '1');

/** A comma-separated list; blanks around and empty entries are dropped. */
export const list = () =>
  z.string().transform((text) =>
    text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry.length > 0),
  );

export const httpUrl = () => z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' });
