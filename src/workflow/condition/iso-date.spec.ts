import { periodOf } from './iso-date.js';

const DAY_MS = 86_400_000;

describe('periodOf', () => {
  it('is the whole UTC day of a date', () => {
    const first = Date.UTC(2026, 0, 31);
    expect(periodOf('2026-01-31')).toEqual({ first, last: first + DAY_MS - 1 });
  });

  it.each([
    ['2026-01-31T09:30', Date.UTC(2026, 0, 31, 9, 30)],
    ['2026-01-31T09:30:15', Date.UTC(2026, 0, 31, 9, 30, 15)],
    ['2026-01-31T09:30:15Z', Date.UTC(2026, 0, 31, 9, 30, 15)],
    ['2026-01-31T09:30:15.5Z', Date.UTC(2026, 0, 31, 9, 30, 15, 500)],
    ['2026-01-31T09:30:15.123456789Z', Date.UTC(2026, 0, 31, 9, 30, 15, 123)],
    ['2026-01-31T09:30:15+02:00', Date.UTC(2026, 0, 31, 7, 30, 15)],
    ['2026-01-31T09:30:15-05:30', Date.UTC(2026, 0, 31, 15, 0, 15)],
    ['2024-02-29T00:00Z', Date.UTC(2024, 1, 29)],
  ])('is one instant of %s', (text, instant) => {
    expect(periodOf(text)).toEqual({ first: instant, last: instant });
  });

  it.each([
    '',
    'tomorrow',
    '2026',
    '2026-01',
    '2026-1-1',
    '2026-02-30',
    '2025-02-29',
    '2026-13-01',
    '2026-01-31 09:30',
    '2026-01-31T24:00',
    '2026-01-31T09:60',
    '2026-01-31T09:30:60Z',
    '2026-01-31T09:30+25:00',
    '2026-01-31Z',
    '12026-01-31',
    '0000-01-01T00:00+01:00',
    '9999-12-31T23:59-01:00',
    ' 2026-01-31',
    '2026-01-31\n',
  ])('is nothing for %j', (text) => {
    expect(periodOf(text)).toBeUndefined();
  });

  it('knows the first and the last year', () => {
    expect(periodOf('0001-01-01')?.first).toBe(Date.parse('0001-01-01T00:00:00Z'));
    expect(periodOf('9999-12-31')?.last).toBe(Date.parse('9999-12-31T23:59:59.999Z'));
  });
});
