import { Clock } from '../../platform/clock/clock.js';
import { ClockTool } from './clock.tool.js';

const NOW = Date.parse('2026-11-23T09:30:00.250Z');

function clockAt(now: number): ClockTool {
  const clock = new Clock();
  clock.millis = () => now;
  return new ClockTool(clock);
}

describe('the clock', () => {
  it('tells the time in UTC', async () => {
    expect(await clockAt(NOW).call({ timeZone: 'UTC' })).toEqual({
      time: '2026-11-23T09:30:00.250+00:00',
      date: '2026-11-23',
      weekday: 'Monday',
      timeZone: 'UTC',
      unixMs: NOW,
    });
  });

  it.each([
    ['Europe/Berlin', '2026-11-23T09:30:00Z', '2026-11-23T10:30:00.000+01:00', 'Monday'],
    ['Europe/Berlin', '2026-07-01T12:00:00+02:00', '2026-07-01T12:00:00.000+02:00', 'Wednesday'],
    ['america/new_york', '2026-03-08T06:59:59Z', '2026-03-08T01:59:59.000-05:00', 'Sunday'],
    ['America/New_York', '2026-03-08T07:00:00Z', '2026-03-08T03:00:00.000-04:00', 'Sunday'],
    ['Asia/Kathmandu', '2026-12-31T20:00:00Z', '2027-01-01T01:45:00.000+05:45', 'Friday'],
    ['+05:30', '2026-01-01T00:00Z', '2026-01-01T05:30:00.000+05:30', 'Thursday'],
    [
      'Europe/Amsterdam',
      '1890-01-01T00:00:00Z',
      expect.stringMatching(/^1890-01-01T00:(19:32|17:30|18:00)/),
      'Wednesday',
    ],
  ])('tells what it is in %s at %s', async (timeZone, at, time, weekday) => {
    expect(await clockAt(NOW).call({ timeZone, at })).toMatchObject({ time, weekday });
  });

  it.each(['Mars/Base', '', 'constructor', 'Europe/Berlin\0'])('says that there is no zone %j', async (timeZone) => {
    await expect(clockAt(NOW).call({ timeZone })).rejects.toMatchObject({ type: { slug: 'time-zone-unknown' } });
  });
});
