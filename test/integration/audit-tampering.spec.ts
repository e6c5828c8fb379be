import { randomBytes, randomInt } from 'node:crypto';
import { newId } from '../../src/platform/clock/id.js';
import { AuditVerifier } from '../../src/security/audit/audit.verifier.js';
import { auditRoom, type AuditRoom } from '../support/audit-room.js';
import { migratedDatabase, type MigratedDatabase } from '../support/migrated-database.js';

const ENTRIES = 12;
const TIMES = 1_000;

/** Whoever can write the tables: no trigger stops them, and they lack only the key. */
describe('an audit chain that somebody tampers with', () => {
  let migrated: MigratedDatabase;
  let room: AuditRoom;
  let verifier: AuditVerifier;
  let chain: string;

  beforeAll(async () => {
    migrated = await migratedDatabase('tamper');
    room = auditRoom(migrated);
    verifier = new AuditVerifier(room.repository, room.key);
    chain = newId();
    for (const workspaceId of [chain, newId()]) {
      for (let index = 0; index < ENTRIES; index += 1) {
        const action = index === 0 ? 'workspace.created' : 'member.changed';
        const detail = { role: 'editor', turn: index };
        await room.log.record({ workspaceId, actorId: newId(), action, subject: 'user:anna', outcome: 'ok', detail });
      }
    }
    await room.sealer.sealAll();
    await room.log.record({
      workspaceId: chain,
      actorId: null,
      action: 'member.added',
      subject: 'user:b',
      outcome: 'ok',
    });
    await migrated.sql('ALTER TABLE audit DISABLE TRIGGER ALL');
    await migrated.sql('ALTER TABLE audit_head DISABLE TRIGGER ALL');
    await migrated.sql('DROP INDEX audit_sealed');
    await migrated.sql('CREATE TABLE kept AS SELECT * FROM audit');
    await migrated.sql('CREATE TABLE kept_head AS SELECT * FROM audit_head');
  });

  afterAll(() => migrated.drop());

  const restore = async (): Promise<void> => {
    await migrated.sql('DELETE FROM audit');
    await migrated.sql('DELETE FROM audit_head');
    const columns = 'id, workspace_id, actor_id, action, subject, outcome, detail, trace_id, at, mac, position, hash';
    await migrated.sql(`INSERT INTO audit (${columns}) SELECT ${columns} FROM kept`);
    await migrated.sql('INSERT INTO audit_head SELECT * FROM kept_head');
  };
  const anywhere = () => 1 + randomInt(ENTRIES);
  const at = (position: number) => `chain = '${chain}' AND position = ${position}`;
  const change = (set: string, position = anywhere()) => `UPDATE audit SET ${set} WHERE ${at(position)}`;
  const bytes = () => `'\\x${randomBytes(32).toString('hex')}'`;

  const TAMPERINGS: Readonly<Record<string, () => readonly string[]>> = {
    id: () => [change(`id = '${newId()}'`)],
    workspace: () => [change(`workspace_id = '${newId()}'`)],
    actor: () => [change(`actor_id = '${newId()}'`)],
    noActor: () => [change('actor_id = NULL')],
    action: () => [change(`action = 'member.removed'`)],
    subject: () => [change(`subject = subject || 'x'`)],
    outcome: () => [change(`outcome = 'denied'`)],
    detail: () => [change(`detail = '{"role":"owner"}'`)],
    detailSpacing: () => [change(`detail = (detail::text || ' ')::json`)],
    noDetail: () => [change('detail = NULL')],
    trace: () => [change(`trace_id = 'abc'`)],
    time: () => [change(`at = at + interval '1 microsecond'`)],
    mac: () => [change(`mac = ${bytes()}`)],
    hash: () => [change(`hash = ${bytes()}`)],
    noHash: () => [change('hash = NULL')],
    unsealed: () => [change('position = NULL, hash = NULL')],
    deleted: () => [`DELETE FROM audit WHERE ${at(anywhere())}`],
    closedUp: () => {
      const position = 1 + randomInt(ENTRIES - 1);
      return [
        `DELETE FROM audit WHERE ${at(position)}`,
        `UPDATE audit SET position = -position WHERE chain = '${chain}' AND position > ${position}`,
        `UPDATE audit SET position = -position - 1 WHERE chain = '${chain}' AND position < 0`,
      ];
    },
    swapped: () => {
      const first = 1 + randomInt(ENTRIES - 1);
      return [
        `UPDATE audit SET position = 0 WHERE ${at(first)}`,
        `UPDATE audit SET position = ${first} WHERE ${at(first + 1)}`,
        `UPDATE audit SET position = ${first + 1} WHERE ${at(0)}`,
      ];
    },
    truncated: () => [`DELETE FROM audit WHERE chain = '${chain}' AND position > ${randomInt(ENTRIES)}`],
    truncatedWithHead: () => {
      const left = 1 + randomInt(ENTRIES - 1);
      return [
        `DELETE FROM audit WHERE chain = '${chain}' AND position > ${left}`,
        `UPDATE audit_head SET position = ${left}, hash = (SELECT hash FROM audit WHERE ${at(left)}) WHERE chain = '${chain}'`,
      ];
    },
    headRemoved: () => [`DELETE FROM audit_head WHERE chain = '${chain}'`],
    headChanged: () => [`UPDATE audit_head SET mac = ${bytes()} WHERE chain = '${chain}'`],
    emptied: () => [`DELETE FROM audit WHERE chain = '${chain}'`, `DELETE FROM audit_head WHERE chain = '${chain}'`],
    headOfAnother: () => [
      `UPDATE audit_head SET (position, hash, mac) = (SELECT position, hash, mac FROM kept_head WHERE chain <> '${chain}') WHERE chain = '${chain}'`,
    ],
    inserted: () => [
      `INSERT INTO audit (id, workspace_id, action, subject, outcome, at, mac, position, hash) VALUES ('${newId()}', '${chain}', 'member.added', 'user:m', 'ok', now(), ${bytes()}, ${ENTRIES + 1}, ${bytes()})`,
    ],
    insertedUnsealed: () => [
      `INSERT INTO audit (id, workspace_id, action, subject, outcome, at, mac) VALUES ('${newId()}', '${chain}', 'member.added', 'user:m', 'ok', now(), ${bytes()})`,
    ],
    insertedTwice: () => [
      `INSERT INTO audit (id, workspace_id, actor_id, action, subject, outcome, detail, at, mac, position, hash) SELECT '${newId()}', workspace_id, actor_id, action, subject, outcome, detail, at, mac, position, hash FROM audit WHERE ${at(anywhere())}`,
    ],
    takenFromAnother: () => [
      `DELETE FROM audit WHERE ${at(2)}`,
      `UPDATE audit SET workspace_id = '${chain}' WHERE chain <> '${chain}' AND position = 2`,
    ],
    tailChanged: () => [`UPDATE audit SET subject = 'user:c' WHERE chain = '${chain}' AND position IS NULL`],
  };

  it('is found to be whole before', async () => {
    expect(await verifier.verify(chain)).toEqual({ valid: true, checked: ENTRIES, unsealed: 1 });
  });

  it(`is found to be broken ${TIMES} times out of ${TIMES}`, async () => {
    const kinds = Object.entries(TAMPERINGS);
    const unnoticed: string[] = [];
    for (let turn = 0; turn < TIMES; turn += 1) {
      const [kind, tamper] = kinds[turn < kinds.length ? turn : randomInt(kinds.length)]!;
      for (const statement of tamper()) await migrated.sql(statement);
      const { valid, brokenAt } = await verifier.verify(chain);
      if (valid || !brokenAt) unnoticed.push(kind);
      await restore();
    }
    process.stdout.write(`audit: ${TIMES} tamperings of ${kinds.length} kinds, ${TIMES - unnoticed.length} found\n`);
    expect(unnoticed).toEqual([]);
  }, 300_000);

  it('says where', async () => {
    await migrated.sql(change(`subject = 'user:x'`, 7));
    expect(await verifier.verify(chain)).toMatchObject({ checked: 6, brokenAt: { position: 7, fault: 'changed' } });
    await restore();
    await migrated.sql(`DELETE FROM audit WHERE ${at(4)}`);
    expect(await verifier.verify(chain)).toMatchObject({ brokenAt: { position: 4, id: null, fault: 'missing' } });
    await restore();
  });

  it('is not prolonged over a break at its end, nor by entries that the application did not write', async () => {
    await migrated.sql(`UPDATE audit_head SET mac = ${bytes()} WHERE chain = '${chain}'`);
    await room.sealer.sealAll();
    expect(await verifier.verify(chain)).toMatchObject({ valid: false, unsealed: 1 });
    await restore();
    for (const statement of TAMPERINGS.insertedUnsealed?.() ?? []) await migrated.sql(statement);
    await room.sealer.sealAll();
    expect(await verifier.verify(chain)).toMatchObject({ valid: false, checked: ENTRIES + 1, unsealed: 1 });
    await restore();
  });

  it('is proven page by page', async () => {
    const long = newId();
    await migrated.database.transaction(async () => {
      for (let index = 0; index < 1_201; index += 1)
        await room.log.record({
          workspaceId: long,
          actorId: null,
          action: index === 0 ? 'workspace.created' : 'member.added',
          subject: 'user:b',
          outcome: 'ok',
        });
    });
    await room.sealer.sealAll();
    expect(await verifier.verify(long)).toEqual({ valid: true, checked: 1_201, unsealed: 0 });
  });
});
