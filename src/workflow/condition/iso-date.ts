/** What a date or date-time text covers, in milliseconds since 1970: a date its whole UTC day, a date-time one instant. */
export interface Period {
  readonly first: number;
  readonly last: number;
}

/** `2026-01-31`, `2026-01-31T09:30`, `2026-01-31T09:30:00.000+02:00`. Without a zone the time is UTC. */
export const ISO_DATE =
  /^(\d{4}-(?:0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))(?:T((?:[01]\d|2[0-3]):[0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?$/;

export const FIRST_INSTANT = Date.parse('0000-01-01T00:00:00.000Z');
export const LAST_INSTANT = Date.parse('9999-12-31T23:59:59.999Z');

const DAY_MS = 86_400_000;

/** Undefined for what is no ISO 8601 date of the years 0000 to 9999. Digits below a millisecond are dropped. */
export function periodOf(text: string): Period | undefined {
  const [, date, day, time = '00:00', seconds = '00', fraction = '', zone = 'Z'] = ISO_DATE.exec(text) ?? [];
  if (date === undefined) return undefined;
  const localMs = Date.parse(`${date}T${time}:${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}Z`);
  const isInMonth = new Date(localMs).getUTCDate() === Number(day);
  const first = localMs - offsetMs(zone);
  if (!isInMonth || first < FIRST_INSTANT || first > LAST_INSTANT) return undefined;
  return { first, last: text === date ? first + DAY_MS - 1 : first };
}

function offsetMs(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}
