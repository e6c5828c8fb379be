import type { ServerProcess } from '../support/server-process.js';
import { WorkflowRoom } from '../support/workflow-room.js';

/** The summary of a conversation is made in the turn that needs it, before its answer. */
describe('kill -9 between a summary and the answer that builds on it', () => {
  let room: WorkflowRoom;
  let server: ServerProcess;

  beforeAll(async () => {
    room = await WorkflowRoom.open('summary', { RUN_MAX_ATTEMPTS: '100' });
    server = await room.start();
  });
  afterAll(() => room?.close());

  const chat = (body: object) => room.call(server, 'POST', '/chat', { memoryWindow: 2, ...body });
  const summaries = () => [...room.upstream.asked].filter(([key]) => key.startsWith('<summary>'));

  it('resumes with the summary that was made: the model is not asked for it again', async () => {
    const first = await chat({ message: 'My name is Ada.' });
    expect([first.status, first.body.detail]).toEqual([200, undefined]);
    const conversationId = first.body.conversation.id as string;
    await chat({ message: 'I live in Bonn.', conversationId });
    expect(summaries()).toEqual([]);

    const release = room.upstream.hold((key) => key === 'Where do I live?');
    void chat({ message: 'Where do I live?', conversationId }).catch(() => undefined);
    await room.upstream.whenAsked((key) => key === 'Where do I live?');
    expect(summaries().map(([, times]) => times)).toEqual([1]);
    const { rows } = await room.sql.query('SELECT id FROM run WHERE conversation_id = $1 ORDER BY id DESC LIMIT 1', [
      conversationId,
    ]);
    await room.kill(server);
    server = await room.start();
    release();
    const run = await room.reached(rows[0].id as string, 'succeeded');
    expect(run.attempt).toBeGreaterThan(1);
    expect(run.output).toEqual({ text: '(Where do I live?)' });
    expect(room.upstream.asked.get('Where do I live?')).toBe(2);
    expect(summaries().map(([, times]) => times)).toEqual([1]);
    await expectCounted(run.id);
  });

  it('resumes with the answer of the model when the summary was not stored yet', async () => {
    const { body } = await chat({ message: 'My name is Ben.' });
    const conversationId = body.conversation.id as string;
    await chat({ message: 'I live in Kiel.', conversationId });
    const release = room.upstream.hold((key) => key === 'Who am I?');
    void chat({ message: 'Who am I?', conversationId }).catch(() => undefined);
    await room.upstream.whenAsked((key) => key === 'Who am I?');
    await room.kill(server);
    // As if the process had died a moment earlier: the answer is in the log, and nothing is stored of it.
    await room.sql.query('DELETE FROM conversation_summary WHERE conversation_id = $1', [conversationId]);
    const asked = summaries().length;
    server = await room.start();
    release();
    const { rows } = await room.sql.query('SELECT id FROM run WHERE conversation_id = $1 ORDER BY id DESC LIMIT 1', [
      conversationId,
    ]);
    const run = await room.reached(rows[0].id as string, 'succeeded');
    expect(summaries()).toHaveLength(asked);
    expect(summaries().map(([, times]) => times)).toEqual([1, 1]);
    const stored = await room.sql.query('SELECT content FROM conversation_summary WHERE conversation_id = $1', [
      conversationId,
    ]);
    expect(stored.rows).toHaveLength(1);
    await expectCounted(run.id);
  });

  /** The log holds one usage of the summary and one of the answer. */
  async function expectCounted(runId: string): Promise<void> {
    const { rows } = await room.sql.query<{ data: string }>(
      `SELECT data FROM run_event WHERE run_id = $1 AND type = 'usage' ORDER BY seq`,
      [runId],
    );
    expect(rows.map(({ data }) => (JSON.parse(data) as { readonly path: unknown }).path)).toEqual([
      ['memory'],
      ['model'],
    ]);
  }
});
