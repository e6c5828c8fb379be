import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Statistics. `figure` holds what each end of a root run or tool call adds, written with that end and taken away when it
 * is added to the sums; both are one transaction each, so every end counts once. `figure_sum` and `figure_bin` hold sums
 * and histograms by span (minutes) and its beginning, once for each workspace and once for all of them (NULL).
 * What ended before there were statistics is counted too; when its first token came is not known.
 * `run.traceparent` is the trace of the request that asked for the run.
 */
export class Metrics1700000000017 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE figure (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        workspace_id uuid NOT NULL,
        kind text NOT NULL CHECK (kind IN ('run', 'tool')),
        subject text NOT NULL,
        status text NOT NULL,
        problem text NOT NULL DEFAULT '',
        at timestamptz NOT NULL,
        duration_ms integer NOT NULL,
        first_token_ms integer,
        input_tokens bigint NOT NULL DEFAULT 0,
        output_tokens bigint NOT NULL DEFAULT 0,
        streamed_tokens bigint NOT NULL DEFAULT 0,
        streamed_ms double precision NOT NULL DEFAULT 0
      );
      CREATE TABLE figure_sum (
        workspace_id uuid REFERENCES workspace ON DELETE CASCADE,
        span smallint NOT NULL CHECK (span IN (1, 60)),
        at timestamptz NOT NULL,
        kind text NOT NULL,
        subject text NOT NULL,
        status text NOT NULL,
        problem text NOT NULL,
        count bigint NOT NULL,
        duration_ms bigint NOT NULL,
        least_ms integer NOT NULL,
        most_ms integer NOT NULL,
        input_tokens bigint NOT NULL,
        output_tokens bigint NOT NULL,
        streamed_tokens bigint NOT NULL,
        streamed_ms double precision NOT NULL,
        CONSTRAINT figure_sum_key UNIQUE NULLS NOT DISTINCT (workspace_id, span, at, kind, subject, status, problem)
      );
      CREATE INDEX figure_sum_age ON figure_sum (span, at);
      CREATE TABLE figure_bin (
        workspace_id uuid REFERENCES workspace ON DELETE CASCADE,
        span smallint NOT NULL CHECK (span IN (1, 60)),
        at timestamptz NOT NULL,
        subject text NOT NULL,
        measure text NOT NULL CHECK (measure IN ('duration', 'firstToken')),
        bin smallint NOT NULL,
        count bigint NOT NULL,
        CONSTRAINT figure_bin_key UNIQUE NULLS NOT DISTINCT (workspace_id, span, at, subject, measure, bin)
      );
      CREATE INDEX figure_bin_age ON figure_bin (span, at);
      ALTER TABLE run ADD traceparent text;
      INSERT INTO figure (workspace_id, kind, subject, status, problem, at, duration_ms, input_tokens, output_tokens)
      SELECT workspace_id, 'run', left(coalesce(workflow->>'name', '(inline)'), 200), status,
        left(coalesce(substring(problem->>'type' FROM '[^/]*$'), ''), 100), ended_at, duration_ms,
        coalesce((usage->>'inputTokens')::bigint, 0), coalesce((usage->>'outputTokens')::bigint, 0)
      FROM run WHERE parent_run_id IS NULL AND ended_at > now() - interval '401 days' AND duration_ms IS NOT NULL;
      INSERT INTO figure (workspace_id, kind, subject, status, at, duration_ms)
      SELECT workspace_id, 'tool', left(tool, 200), status, ended_at, duration_ms
      FROM tool_call
      WHERE status IN ('ok', 'error', 'in_doubt') AND ended_at > now() - interval '401 days' AND duration_ms IS NOT NULL;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE run DROP traceparent;
      DROP TABLE figure, figure_sum, figure_bin;
    `);
  }
}
