import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FrameReader, type ReceivedEvent } from '../../bench/load/frames.ts';
import { kinds } from '../../bench/load/kinds.ts';
import { readLoadOptions } from '../../bench/load/options.ts';
import type { LoadReport } from '../../bench/load/report.ts';
import { streamFaults } from '../../bench/load/stream-faults.ts';

const RUN = join(import.meta.dirname, '../../bench/load/run.ts');

const event = (seq: number, type = 'token', digest = `digest ${seq}`): ReceivedEvent => ({ seq, type, digest });
const LOG = [event(1, 'start'), event(2), event(3), event(4, 'complete')];
const [one, two, three, four] = LOG as [ReceivedEvent, ReceivedEvent, ReceivedEvent, ReceivedEvent];

describe('the load test', () => {
  it('accepts a stream that is its log', () => {
    expect(streamFaults(LOG, LOG)).toEqual([]);
  });

  it.each<[string, readonly ReceivedEvent[], readonly ReceivedEvent[], string]>([
    ['a lost event', [one, two, four], LOG, 'event 3 was lost'],
    ['a lost end', [one, two, three], LOG, 'event 4 was lost'],
    ['a doubled event', [one, two, two, three, four], LOG, 'event 2 came twice'],
    ['a changed order', [one, three, two, four], LOG, 'event 2 came after event 3'],
    ['an invented event', [...LOG, event(5)], LOG, 'event 5 was invented: the log has none of that number'],
    ['an altered event', [one, event(2, 'token', 'other'), three, four], LOG, 'event 2 is not as the log holds it'],
    ['a log with a hole', [one, two, four], [one, two, four], 'the log has event 4 in place 3'],
    ['a log without an end', [one, two], [one, two], 'the log has no end'],
    ['a run that nobody has stored', LOG, [], 'the log has no end'],
  ])('finds %s', (_, received, log, fault) => {
    expect(streamFaults(received, log)).toContain(fault);
  });

  it('reads frames however they are cut, and takes nothing else for one', () => {
    const text =
      'id: 1\ndata: {"type":"token","content":"ü"}\n\n: ping\n\nid: 2\ndata: {"type":"complete"}\n\ndata: [DONE]\n\n';
    const bytes = Buffer.from(text);
    const heard: unknown[] = [];
    const reader = new FrameReader(({ type, content }) => heard.push(content ?? type));
    for (const byte of bytes) reader.feed(Buffer.from([byte]));
    expect([heard, reader.events.map(({ seq }) => seq), reader.done, reader.faults]).toEqual([
      ['ü', 'complete'],
      [1, 2],
      true,
      [],
    ]);
    reader.feed(Buffer.from('id: 3\ndata: {"type":"token"}\n\nhello\n\n'));
    expect(reader.faults).toEqual([
      'something came after [DONE]',
      'something came after [DONE]',
      'this is no frame: hello',
    ]);
  });

  it('is bounded in time and users', () => {
    expect(readLoadOptions({}, '/x')).toEqual({ seconds: 60, users: 50, reportDir: '/x' });
    expect(readLoadOptions({ LOAD_SECONDS: '3', LOAD_USERS: '4', LOAD_REPORT_DIR: '/y' }, '/x')).toEqual({
      seconds: 3,
      users: 4,
      reportDir: '/y',
    });
    for (const value of ['0', '1.5', '-1', 'many', '3601', 'Infinity'])
      expect(() => readLoadOptions({ LOAD_SECONDS: value }, '/x')).toThrow(
        `LOAD_SECONDS takes 1 to 3600, not ${value}.`,
      );
    expect(() => readLoadOptions({ LOAD_USERS: '501' }, '/x')).toThrow('LOAD_USERS takes 1 to 500, not 501.');
  });

  it('in its short form: every kind of work, no stream that is not its log, a report', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'chatter-load-report-'));
    try {
      const { code, output } = await load({
        LOAD_SECONDS: '5',
        LOAD_USERS: String(kinds.length),
        LOAD_REPORT_DIR: folder,
      });
      const files = await readdir(folder);
      const report = JSON.parse(
        await readFile(join(folder, files.find((name) => name.endsWith('.json')) ?? output), 'utf8'),
      ) as LoadReport;
      expect(report.violations).toEqual([]);
      expect(code).toBe(0);
      expect(report.kinds.map(({ kind }) => kind)).toEqual(kinds.map(({ name }) => name));
      for (const { kind, streams, events, totalMs } of report.kinds) {
        expect([kind, streams > 0, events > streams, totalMs!.count]).toEqual([kind, true, true, streams]);
      }
      expect(report.streams).toBe(report.kinds.reduce((sum, { streams }) => sum + streams, 0));
      if (process.platform === 'linux') expect(report.usage.cpuSeconds!.node).toBeGreaterThan(0);
      expect(output).toContain('| cut and resumed |');
      expect(files.filter((name) => name.endsWith('.md'))).toHaveLength(1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('ends badly when it is asked for what it does not do', async () => {
    const { code, output } = await load({ LOAD_USERS: 'all' });
    expect(code).toBe(1);
    expect(output).toContain('LOAD_USERS takes 1 to 500, not all.');
  });
});

function load(
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly code: unknown; readonly output: string }> {
  const { PATH, HOME } = process.env;
  return new Promise((resolve) => {
    const options = { env: { PATH, HOME, ...environment }, timeout: 110_000 };
    execFile(process.execPath, [RUN], options, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, output: stdout + stderr });
    });
  });
}
