import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What happened that matters for security, as chains that cannot be rewritten; what a workspace does with secrets. */
export class Guard1700000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE audit (
        id uuid PRIMARY KEY,
        workspace_id uuid,
        actor_id uuid,
        action text NOT NULL,
        subject text NOT NULL,
        outcome text NOT NULL CHECK (outcome IN ('ok', 'denied', 'failed')),
        detail json,
        trace_id text,
        at timestamptz NOT NULL,
        mac bytea NOT NULL,
        chain uuid NOT NULL GENERATED ALWAYS AS (coalesce(workspace_id, '00000000-0000-0000-0000-000000000000')) STORED,
        position bigint,
        hash bytea
      );
      CREATE UNIQUE INDEX audit_sealed ON audit (chain, position) WHERE position IS NOT NULL;
      CREATE INDEX audit_unsealed ON audit (chain, id) WHERE position IS NULL;
      CREATE INDEX audit_of_chain ON audit (chain, id);
      CREATE TABLE audit_head (
        chain uuid PRIMARY KEY,
        position bigint NOT NULL,
        hash bytea NOT NULL,
        mac bytea NOT NULL
      );
      CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'The audit log is only appended to.' USING ERRCODE = 'restrict_violation'; END $$;
      CREATE TRIGGER audit_keeps BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_refuse();
      CREATE TRIGGER audit_keeps_all BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
      CREATE TRIGGER audit_stays BEFORE UPDATE ON audit FOR EACH ROW
        WHEN (OLD.position IS NOT NULL OR NEW.position IS NULL
          OR (OLD.id, OLD.workspace_id, OLD.actor_id, OLD.action, OLD.subject, OLD.outcome, OLD.detail::text, OLD.trace_id, OLD.at, OLD.mac)
            IS DISTINCT FROM
            (NEW.id, NEW.workspace_id, NEW.actor_id, NEW.action, NEW.subject, NEW.outcome, NEW.detail::text, NEW.trace_id, NEW.at, NEW.mac))
        EXECUTE FUNCTION audit_refuse();
      CREATE TRIGGER audit_head_keeps BEFORE DELETE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_refuse();

      ALTER TABLE workspace ADD COLUMN redaction text NOT NULL DEFAULT 'off' CHECK (redaction IN ('off', 'mask', 'block'));
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE workspace DROP COLUMN redaction;
      DROP TABLE audit, audit_head;
      DROP FUNCTION audit_refuse();
    `);
  }
}
