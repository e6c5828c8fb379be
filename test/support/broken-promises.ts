import type { Client } from 'pg';

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
    SELECT r.id FROM run r WHERE (r.status = 'succeeded') <> EXISTS (SELECT FROM run_event WHERE run_id = r.id AND type = 'complete')`,
  'the log ends with error exactly when the run ended otherwise': `
    SELECT r.id FROM run r WHERE (r.status IN ('failed', 'cancelled', 'timedOut')) <> EXISTS (SELECT FROM run_event WHERE run_id = r.id AND type = 'error')`,
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
};

/** The promises that do not hold, each with the ids that break it. */
export async function brokenPromises(sql: Client): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const [promise, breaches] of Object.entries(PROMISES)) {
    const { rows } = await sql.query(breaches);
    if (rows.length > 0) broken.push(`${promise}: ${JSON.stringify(rows.slice(0, 3))}`);
  }
  return broken;
}
