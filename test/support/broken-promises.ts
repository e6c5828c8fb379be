import type { Client, Pool } from 'pg';

/** What must hold in every snapshot of the tables, also between a kill and the restart: each query finds the breaches. */
const PROMISES: Readonly<Record<string, string>> = {
  'a user message of a turn has its run': `
    SELECT m.id FROM message m LEFT JOIN run r ON r.id = m.run_id WHERE m.role = 'user' AND m.run_id IS NOT NULL AND r.id IS NULL`,
  'a run that has begun has its user message': `
    SELECT r.id FROM run r WHERE r.kind = 'chat' AND EXISTS (SELECT FROM run_event WHERE run_id = r.id)
      AND r.status <> 'cancelled' AND NOT EXISTS (SELECT FROM message WHERE run_id = r.id AND role = 'user' AND id = r.message_id)`,
  'there is an answer exactly when the run has succeeded': `
    SELECT r.id FROM run r WHERE r.kind = 'chat'
      AND (r.status = 'succeeded') <> EXISTS (SELECT FROM message WHERE run_id = r.id AND role = 'assistant')`,
  'the log ends with complete exactly when the run has succeeded': `
    SELECT r.id FROM run r WHERE r.parent_run_id IS NULL AND (r.status = 'succeeded') <> EXISTS (SELECT FROM run_event WHERE run_id = r.id AND type = 'complete')`,
  'the log ends with error exactly when the run ended otherwise': `
    SELECT r.id FROM run r WHERE r.parent_run_id IS NULL AND (r.status IN ('failed', 'cancelled', 'timedOut')) <> EXISTS (SELECT FROM run_event WHERE run_id = r.id AND type = 'error')`,
  'nothing comes after the end': `
    SELECT e.run_id FROM run_event e WHERE e.type IN ('complete', 'error') AND EXISTS (SELECT FROM run_event WHERE run_id = e.run_id AND seq > e.seq)`,
  'events are numbered from 1 without gaps': `
    SELECT run_id FROM run_event GROUP BY run_id HAVING min(seq) <> 1 OR max(seq) <> count(*)`,
  'a log begins with its only start': `
    SELECT run_id FROM run_event GROUP BY run_id
    HAVING count(*) FILTER (WHERE type = 'start') <> 1 OR count(*) FILTER (WHERE type = 'start' AND seq = 1) <> 1`,
  'stored text carries its own number': `
    SELECT run_id FROM run_event WHERE (data::jsonb->>'seq')::int <> seq OR data::jsonb->>'type' <> type`,
  'messages of a conversation are numbered from 1 without gaps': `
    SELECT conversation_id FROM message WHERE conversation_id NOT IN (SELECT id FROM conversation WHERE deleted_at IS NOT NULL)
    GROUP BY conversation_id HAVING min(sequence) <> 1 OR max(sequence) <> count(*)`,
  'an answer follows its question': `
    SELECT a.id FROM message a JOIN message q ON q.run_id = a.run_id AND q.role = 'user'
    WHERE a.role = 'assistant' AND (a.parent_id IS DISTINCT FROM q.id OR a.sequence <= q.sequence)`,
  'at most one run holds a conversation': `
    SELECT conversation_id FROM run WHERE kind = 'chat' AND status IN ('running', 'waiting', 'paused')
    GROUP BY conversation_id HAVING count(*) > 1`,
  'turns of a conversation do not overlap': `
    SELECT q.id FROM message q JOIN message other ON other.conversation_id = q.conversation_id AND other.run_id <> q.run_id
      JOIN message a ON a.run_id = q.run_id AND a.role = 'assistant'
    WHERE q.role = 'user' AND other.sequence > q.sequence AND other.sequence < a.sequence AND other.run_id IS NOT NULL`,
  'a step begins once and ends at most once, and so does a child': `
    SELECT run_id, type, data::jsonb->'path' AS path FROM run_event
    WHERE type IN ('node_start', 'node_end', 'child_start', 'child_end') GROUP BY 1, 2, 3 HAVING count(*) > 1`,
  'what ends has begun before': `
    SELECT ending.run_id, ending.seq FROM run_event ending WHERE ending.type IN ('node_end', 'child_end') AND NOT EXISTS (
      SELECT FROM run_event beginning WHERE beginning.run_id = ending.run_id AND beginning.seq < ending.seq
        AND beginning.type = replace(ending.type, 'end', 'start') AND beginning.data::jsonb->'path' = ending.data::jsonb->'path')`,
  'what began in a run that has ended has ended': `
    SELECT beginning.run_id, beginning.data FROM run_event beginning JOIN run r ON r.id = beginning.run_id
    WHERE beginning.type IN ('node_start', 'child_start') AND r.ended_at IS NOT NULL AND NOT EXISTS (
      SELECT FROM run_event ending WHERE ending.run_id = beginning.run_id AND ending.seq > beginning.seq
        AND ending.type = replace(beginning.type, 'start', 'end') AND ending.data::jsonb->'path' = beginning.data::jsonb->'path')`,
  'a child run has one beginning in the log of its root': `
    SELECT c.id FROM run c WHERE c.parent_run_id IS NOT NULL AND 1 <> (SELECT count(*) FROM run_event
      WHERE run_id = c.root_run_id AND type = 'child_start' AND data::jsonb->>'childRunId' = c.id::text)`,
  'a child that is told of is a run, and as it was told': `
    SELECT e.run_id, e.data, c.status FROM run_event e LEFT JOIN run c ON c.id = (e.data::jsonb->>'childRunId')::uuid AND c.root_run_id = e.run_id
    WHERE e.type IN ('child_start', 'child_end') AND (c.id IS NULL OR (e.type = 'child_end' AND c.status <> e.data::jsonb->>'status'))`,
  'a child whose end is not told goes on': `
    SELECT c.id FROM run c WHERE c.parent_run_id IS NOT NULL AND c.status <> 'running' AND NOT EXISTS (SELECT FROM run_event
      WHERE run_id = c.root_run_id AND type = 'child_end' AND data::jsonb->>'childRunId' = c.id::text)`,
  'nothing of a run that has ended goes on': `
    SELECT c.id FROM run c JOIN run r ON r.id = c.root_run_id WHERE c.ended_at IS NULL AND r.ended_at IS NOT NULL`,
  'a run that has ended asks nobody': `
    SELECT a.id FROM approval a JOIN run r ON r.id = a.run_id WHERE a.status = 'pending' AND r.ended_at IS NOT NULL`,
  'an approval is asked for once in the log, and is stored with that': `
    SELECT coalesce(a.run_id, e.run_id) FROM approval a
      FULL JOIN (SELECT * FROM run_event WHERE type = 'approval_required') e ON e.run_id = a.run_id AND e.data::jsonb->>'approvalId' = a.id::text
    GROUP BY 1, coalesce(a.id::text, e.data) HAVING count(a.id) <> 1 OR count(e.seq) <> 1`,
  'the ledger holds what the logs tell of usage, once': `
    SELECT told.calls AS told, kept.calls AS kept, told.tokens AS told_tokens, kept.tokens AS kept_tokens
    FROM (SELECT workspace_id, count(*) AS calls, sum((data::jsonb->>'totalTokens')::bigint) AS tokens
        FROM run_event WHERE type = 'usage' GROUP BY 1) told
      FULL JOIN (SELECT workspace_id, sum(calls) AS calls, sum(total_tokens) AS tokens FROM usage_ledger WHERE model <> '' GROUP BY 1) kept
      USING (workspace_id)
    WHERE told.calls IS DISTINCT FROM kept.calls OR told.tokens IS DISTINCT FROM kept.tokens`,
  'the ledger holds each run that has begun, once': `
    SELECT told.runs AS told, kept.runs AS kept
    FROM (SELECT workspace_id, count(*) AS runs FROM run_event WHERE type = 'start' AND run_id IN (
        SELECT id FROM run WHERE started_at IS NOT NULL) GROUP BY 1) told
      FULL JOIN (SELECT workspace_id, sum(runs) AS runs FROM usage_ledger WHERE model = '' GROUP BY 1) kept USING (workspace_id)
    WHERE told.runs IS DISTINCT FROM kept.runs`,
  'nobody holds a run that waits': `
    SELECT id FROM run WHERE status IN ('waiting', 'paused') AND lease_owner IS NOT NULL`,
};

/** The promises that do not hold, each with the ids that break it. */
export async function brokenPromises(sql: Client | Pool): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const [promise, breaches] of Object.entries(PROMISES)) {
    const { rows } = await sql.query(breaches);
    if (rows.length > 0) broken.push(`${promise}: ${JSON.stringify(rows.slice(0, 3))}`);
  }
  return broken;
}
