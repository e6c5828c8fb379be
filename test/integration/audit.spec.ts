import { newId } from '../../src/platform/clock/id.js';
import type { AuditAct } from '../../src/security/audit/audit-entry.js';
import { auditRoom, type AuditRoom } from '../support/audit-room.js';
import { migratedDatabase, type MigratedDatabase } from '../support/migrated-database.js';

const act = (workspaceId: string, parts: Partial<AuditAct> = {}): AuditAct => ({
  workspaceId,
  actorId: newId(),
  action: 'member.added',
  subject: 'user:anna',
  outcome: 'ok',
  ...parts,
});

describe('the audit log', () => {
  let migrated: MigratedDatabase;
  let room: AuditRoom;

  beforeAll(async () => {
    migrated = await migratedDatabase('audit');
    room = auditRoom(migrated);
  });

  afterAll(() => migrated.drop());

  const stored = (workspaceId: string) =>
    migrated.sql<{ id: string; subject: string; position: string | null; at: Date; detail: unknown }>(
      'SELECT id, subject, position, at, detail FROM audit WHERE workspace_id = $1 ORDER BY position, id',
      [workspaceId],
    );

  it('holds an act if, and only if, the transaction that it belongs to is committed', async () => {
    const workspaceId = newId();
    await migrated.database.transaction(() => room.log.record(act(workspaceId, { subject: 'user:kept' })));
    const undone = migrated.database.transaction(async () => {
      await room.log.record(act(workspaceId, { subject: 'user:undone' }));
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect((await stored(workspaceId)).map(({ subject }) => subject)).toEqual(['user:kept']);
  });

  it('gives each entry its place, none twice, when many processes seal at once', async () => {
    const workspaceId = newId();
    for (let index = 0; index < 60; index += 1) await room.log.record(act(workspaceId));
    await Promise.all(Array.from({ length: 8 }, () => auditRoom(migrated).sealer.sealAll()));
    expect((await stored(workspaceId)).map(({ position }) => Number(position))).toEqual(
      Array.from({ length: 60 }, (_, index) => index + 1),
    );
  });

  it('puts an entry that commits late behind those that have their place', async () => {
    const workspaceId = newId();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: written, resolve: noteWritten } = Promise.withResolvers<void>();
    const late = migrated.database.transaction(async () => {
      await room.log.record(act(workspaceId, { subject: 'user:late' }));
      noteWritten();
      await released;
    });
    await written;
    await room.log.record(act(workspaceId, { subject: 'user:prompt' }));
    await room.sealer.sealAll();
    release();
    await late;
    await room.sealer.sealAll();
    expect((await stored(workspaceId)).map(({ subject, position }) => [subject, Number(position)])).toEqual([
      ['user:prompt', 1],
      ['user:late', 2],
    ]);
  });

  it('cannot be changed, emptied or shortened by statements', async () => {
    const workspaceId = newId();
    await room.log.record(act(workspaceId));
    for (const statement of [
      `UPDATE audit SET subject = 'user:other' WHERE workspace_id = '${workspaceId}'`,
      `UPDATE audit SET actor_id = NULL, position = 1, hash = '' WHERE workspace_id = '${workspaceId}'`,
      `DELETE FROM audit WHERE workspace_id = '${workspaceId}'`,
      'TRUNCATE audit',
    ])
      await expect(migrated.sql(statement)).rejects.toThrow(/only appended to/);
    await room.sealer.sealAll();
    for (const statement of [
      `UPDATE audit SET position = 9 WHERE workspace_id = '${workspaceId}'`,
      `DELETE FROM audit_head WHERE chain = '${workspaceId}'`,
    ])
      await expect(migrated.sql(statement)).rejects.toThrow(/only appended to/);
  });

  it('leaves out facts that are too long rather than the act', async () => {
    const workspaceId = newId();
    await room.log.record(act(workspaceId, { detail: { text: 'x'.repeat(10_000) } }));
    expect(await stored(workspaceId)).toMatchObject([{ detail: { omitted: 'too long' } }]);
  });
});
