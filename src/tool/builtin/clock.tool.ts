import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Clock } from '../../platform/clock/clock.js';
import { problemType } from '../../platform/problem/problem.js';
import { Tool, type ToolExecutor } from '../tool.js';

export const timeZoneUnknown = problemType({
  slug: 'time-zone-unknown',
  status: 422,
  title: 'No such time zone',
  explanation: 'Time zones are named as in the IANA database, such as "Europe/Berlin", or are "UTC" or an offset.',
});

const Arguments = z.strictObject({
  timeZone: z
    .string()
    .min(1)
    .max(64)
    .default('UTC')
    .describe('A name of the IANA database, such as "Europe/Berlin"; UTC when absent.'),
  at: z
    .string()
    .max(40)
    .refine((text) => instantOf(text) !== undefined, 'must be a time with its offset, such as 2026-11-23T09:30:00Z')
    .optional()
    .describe('Another time than now, with its offset, such as "2026-11-23T09:30:00Z".'),
});

@Injectable()
@Tool({
  name: 'clock',
  title: 'Clock',
  description: 'Tells the date, time and weekday in a time zone, now or at a given time.',
  arguments: Arguments,
  risk: 'low',
  effect: 'read',
})
export class ClockTool implements ToolExecutor<z.output<typeof Arguments>> {
  constructor(private readonly clock: Clock) {}

  /** @throws Problem time-zone-unknown */
  async call({ timeZone, at }: z.output<typeof Arguments>): Promise<unknown> {
    const unixMs = (at === undefined ? undefined : instantOf(at)) ?? this.clock.millis();
    const { zone, offset } = placeOf(timeZone, unixMs);
    const local = new Date(unixMs + offset.ms);
    const time = local.toISOString().replace('Z', offset.text);
    return { time, date: time.slice(0, 10), weekday: WEEKDAYS[local.getUTCDay()], timeZone: zone, unixMs };
  }
}

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

const TIME = /^(?!0000)\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Undefined for what is no time. Of the years that begin or end in another year elsewhere, only what stays in four digits. */
function instantOf(text: string): number | undefined {
  const instant = TIME.test(text) ? Date.parse(text) : NaN;
  return instant >= EARLIEST && instant <= LATEST ? instant : undefined;
}

const DAY_MS = 86_400_000;
const EARLIEST = Date.parse('0001-01-01T00:00:00Z') + DAY_MS;
const LATEST = Date.parse('9999-12-31T00:00:00Z') - DAY_MS;

interface Place {
  readonly zone: string;
  readonly offset: { readonly text: string; readonly ms: number };
}

function placeOf(timeZone: string, unixMs: number): Place {
  const format = formatOf(timeZone);
  const { value = '' } = format.formatToParts(unixMs).find(({ type }) => type === 'timeZoneName') ?? {};
  return { zone: format.resolvedOptions().timeZone, offset: offsetOf(value.replace('GMT', '') || '+00:00') };
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  } catch (error) {
    const name = JSON.stringify(timeZone);
    throw timeZoneUnknown(`There is no time zone ${name}. Name it as "Europe/Berlin" or "UTC".`, { cause: error });
  }
}

/** Before the time zones there were offsets with seconds. */
function offsetOf(text: string): Place['offset'] {
  const [hours = 0, minutes = 0, seconds = 0] = text.slice(1).split(':').map(Number);
  const ms = ((hours * 60 + minutes) * 60 + seconds) * 1_000;
  return { text, ms: text.startsWith('-') ? -ms : ms };
}
