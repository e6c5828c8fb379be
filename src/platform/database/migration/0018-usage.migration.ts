import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was used and may be used, and how old a cached result was. */
export class Usage1700000000018 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE usage_entry (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        workspace_id uuid NOT NULL,
        written_at timestamptz NOT NULL DEFAULT now(),
        day date NOT NULL DEFAULT (now() AT TIME ZONE 'utc')::date,
        user_id uuid NOT NULL,
        workflow text NOT NULL,
        model text NOT NULL,
        runs integer NOT NULL,
        calls integer NOT NULL,
        input_tokens bigint NOT NULL,
        output_tokens bigint NOT NULL,
        total_tokens bigint NOT NULL,
        cost numeric NOT NULL,
        unpriced_calls integer NOT NULL
      );
      CREATE INDEX usage_entry_of_workspace ON usage_entry (workspace_id, day);
      CREATE TABLE usage_day (
        workspace_id uuid NOT NULL,
        day date NOT NULL,
        user_id uuid NOT NULL,
        workflow text NOT NULL,
        model text NOT NULL,
        runs bigint NOT NULL,
        calls bigint NOT NULL,
        input_tokens bigint NOT NULL,
        output_tokens bigint NOT NULL,
        total_tokens bigint NOT NULL,
        cost numeric NOT NULL,
        unpriced_calls bigint NOT NULL,
        PRIMARY KEY (workspace_id, day, user_id, workflow, model)
      );
      CREATE VIEW usage_ledger AS
        SELECT workspace_id, day, user_id, workflow, model, runs::bigint, calls::bigint, input_tokens, output_tokens,
          total_tokens, cost, unpriced_calls::bigint
        FROM usage_entry
        UNION ALL TABLE usage_day;
      CREATE TABLE budget (
        id uuid PRIMARY KEY,
        workspace_id uuid NOT NULL REFERENCES workspace ON DELETE CASCADE,
        scope text NOT NULL CHECK (scope IN ('user', 'workspace', 'workflow', 'model')),
        subject_id text NOT NULL,
        unit text NOT NULL CHECK (unit IN ('tokens', 'cost', 'runs')),
        amount numeric NOT NULL CHECK (amount > 0),
        period text NOT NULL CHECK (period IN ('day', 'week', 'month', 'total')),
        warned_for date,
        created_by uuid NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE UNIQUE INDEX budget_subject ON budget (workspace_id, scope, subject_id, unit, period);
      CREATE INDEX budget_page ON budget (workspace_id, id);
      CREATE TABLE budget_reservation (
        id uuid NOT NULL,
        budget_id uuid NOT NULL REFERENCES budget ON DELETE CASCADE,
        run_id uuid NOT NULL,
        fence bigint NOT NULL,
        amount numeric NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (id, budget_id)
      );
      CREATE INDEX budget_reservation_of_budget ON budget_reservation (budget_id);
      ALTER TABLE run ADD COLUMN cache_age_ms integer;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE run DROP COLUMN cache_age_ms;
      DROP VIEW usage_ledger;
      DROP TABLE budget_reservation, budget, usage_day, usage_entry;
    `);
  }
}
