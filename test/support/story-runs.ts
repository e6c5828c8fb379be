import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, Pool } from 'pg';
import type { Answer, RequestParts } from './app.js';
import { eventually } from './eventually.js';
import type { RecordingUpstream } from './recording-upstream.js';
import { storiesOf, type Story } from './workflow-stories.js';

interface Told {
  readonly status: string;
  readonly output: unknown;
  readonly problem: unknown;
}

export interface StoryRun {
  readonly story: Story;
  readonly tag: string;
  readonly id: string;
}

/** What every run of a story comes to, whichever run it is: without its tag, its times and its ids. */
function essenceOf({ output, ...told }: Told, tag: string): unknown {
  const strip = (value: unknown): unknown => {
    if (typeof value === 'string') return value.replaceAll(tag, 'TAG');
    if (Array.isArray(value)) return value.map(strip);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([name]) => !['durationMs', 'usage', 'headers', 'traceId', 'runId', 'instance'].includes(name))
        .map(([name, member]) => [name, strip(member)]),
    );
  };
  // How much had been said when a node failed is a matter of moments.
  const kept = told.status === 'failed' ? { ...(output as object), text: undefined } : output;
  return strip({ ...told, output: kept });
}

/** Runs of all stories, through a process that is disturbed: what they come to, and what was asked for them. */
export class StoryRuns {
  readonly stories: readonly Story[];
  readonly runs: StoryRun[] = [];
  private readonly essence = new Map<string, unknown>();
  /** How often each call had been asked for when the log first said that it was done. */
  private readonly finished = new Map<string, number>();
  private feeding: Promise<void> | undefined;
  private isFeeding = false;

  /**
   * @param call asks whichever process there is
   * @param isRefused whether an answer to the start of a run says to ask again
   */
  constructor(
    private readonly sql: Client | Pool,
    private readonly upstream: RecordingUpstream,
    private readonly call: (method: string, path: string, parts: RequestParts) => Promise<Answer>,
    private readonly isRefused: (status: number) => boolean = () => false,
  ) {
    this.stories = storiesOf(upstream.url);
  }

  /** One run of each story that nothing disturbs: what all others must come to. */
  async calm(): Promise<void> {
    const begun = await Promise.all(this.stories.map((story, index) => this.begin(story, `calm${index}`)));
    const ids = begun.flatMap((id) => id ?? []);
    expect(ids).toHaveLength(this.stories.length);
    await this.ended(ids, 120_000);
    for (const [index, { name }] of this.stories.entries())
      this.essence.set(name, essenceOf(await this.toldOf(ids[index] ?? ''), `calm${index}`));
    expect([...this.upstream.asked].filter(([, times]) => times > 1)).toEqual([]);
    expect([...this.essence.values()].map((told) => (told as Told).status)).toEqual(
      this.stories.map(({ name }) => (name === 'failure' ? 'failed' : 'succeeded')),
    );
  }

  /** Begins one run after another, and approves what they ask for, until {@link stop}. */
  feed(): void {
    this.isFeeding = true;
    this.feeding = (async () => {
      for (let count = 0; this.isFeeding; count += 1) {
        const story = this.stories[count % this.stories.length] as Story;
        const tag = `r${count}x`;
        const id = await this.begin(story, tag);
        if (id !== undefined) this.runs.push({ story, tag, id });
        await this.approveAll().catch(() => undefined);
        await sleep(randomInt(0, 150));
      }
    })();
    this.feeding.catch(() => {
      this.isFeeding = false;
    });
  }

  /** Whether runs are still begun; not when one could not be. */
  get goesOn(): boolean {
    return this.isFeeding;
  }

  async stop(): Promise<void> {
    this.isFeeding = false;
    await this.feeding;
  }

  /** Remembers what the log says is done, by what it asked of the upstream. */
  async noteFinished(): Promise<void> {
    const { rows } = await this.sql.query<{ key: string }>(
      `SELECT coalesce(result::jsonb->'input'->>'prompt', regexp_replace(result::jsonb->'input'->>'url', '^https?://[^/]+', '')) AS key
       FROM run_event WHERE type = 'node_end' AND data::jsonb->>'nodeType' IN ('model', 'http')
         AND data::jsonb->>'status' = 'succeeded'`,
    );
    for (const { key } of rows) if (!this.finished.has(key)) this.finished.set(key, this.upstream.asked.get(key) ?? 0);
  }

  /** Every run ends as it would have, each begun once, and nothing was asked again that was in the log; of so many at least. */
  async expectAllWell(withinMs: number, leastFinished: number): Promise<void> {
    await this.ended(
      this.runs.map(({ id }) => id),
      withinMs,
    );
    for (const { story, tag, id } of this.runs)
      expect([story.name, essenceOf(await this.toldOf(id), tag)]).toEqual([story.name, this.essence.get(story.name)]);
    const { rows: made } = await this.sql.query(`SELECT id FROM run WHERE metadata->>'tag' LIKE 'r%x'`);
    expect(made).toHaveLength(this.runs.length);
    expect(this.finished.size).toBeGreaterThan(leastFinished);
    expect([...this.finished].filter(([key, times]) => this.upstream.asked.get(key) !== times)).toEqual([]);
  }

  /**
   * Starts it in the background: a request that no process answers is repeated, and starts it once. Undefined when the
   * process died before there was a run: its key is locked for a while.
   */
  private async begin({ definition, input }: Story, tag: string): Promise<string | undefined> {
    const body = { definition, input: { tag, ...input }, mode: 'background', metadata: { tag } };
    const request = { body, headers: { 'Idempotency-Key': tag } };
    const { status, body: answer } = await eventually(
      async () => {
        const answered = await this.call('POST', '/runs', request);
        return !this.isRefused(answered.status) && answered;
      },
      { withinMs: 240_000, what: `an answer to the request for run ${tag}` },
    );
    expect([202, 409]).toContain(status);
    return status === 202 ? (answer.run.id as string) : undefined;
  }

  private async toldOf(id: string): Promise<Told> {
    const { rows } = await this.sql.query('SELECT status, output, problem FROM run WHERE id = $1', [id]);
    return rows[0];
  }

  private async approveAll(): Promise<void> {
    const { rows } = await this.sql.query<{ id: string }>(`SELECT id FROM approval WHERE status = 'pending'`);
    for (const { id } of rows)
      await this.call('POST', `/approvals/${id}/decision`, { body: { decision: 'approve' } }).catch(() => undefined);
  }

  private async ended(ids: readonly string[], withinMs: number): Promise<void> {
    const unended = async () => {
      await this.approveAll();
      const { rows } = await this.sql.query(
        `SELECT status, attempt, wake_at, metadata, (SELECT data FROM run_event WHERE run_id = run.id ORDER BY seq DESC LIMIT 1) AS last
         FROM run WHERE id = ANY ($1) AND ended_at IS NULL`,
        [ids],
      );
      return rows;
    };
    await eventually(async () => (await unended()).length === 0, { withinMs, everyMs: 100 }).catch(async () => {
      throw new Error(`Runs have no end: ${JSON.stringify(await unended(), null, 1)}`);
    });
  }
}
