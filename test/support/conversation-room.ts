import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { ConversationModule } from '../../src/conversation/conversation.module.js';
import { ConversationPurged } from '../../src/conversation/conversation.events.js';
import { ConversationService } from '../../src/conversation/conversation.service.js';
import { ExportService } from '../../src/conversation/export.service.js';
import { ForkService } from '../../src/conversation/fork.service.js';
import { MessageService } from '../../src/conversation/message.service.js';
import { SummaryService } from '../../src/conversation/summary.service.js';
import { newId } from '../../src/platform/clock/id.js';
import { Database } from '../../src/platform/database/database.js';
import { On } from '../../src/platform/event/event-bus.js';
import type { Principal } from '../../src/platform/http/principal.js';
import { PlatformModule } from '../../src/platform/platform.module.js';
import { testDatabase } from './postgres.js';

/** Another room, which keeps something of conversations: notes the purges and can refuse one. */
@Injectable()
export class PurgeListener {
  readonly purged: ConversationPurged[] = [];
  refuses = false;

  @On(ConversationPurged)
  onPurged(event: ConversationPurged): void {
    if (this.refuses) throw new Error('refused');
    this.purged.push(event);
  }
}

@Module({ providers: [PurgeListener] })
class NeighbourModule {}

/** The conversation room on a schema of its own, without HTTP. */
export async function startConversationRoom(suite: string) {
  const postgres = await testDatabase(suite);
  const dataDir = await mkdtemp(join(tmpdir(), 'chatter-'));
  const environment = { ...postgres.environment, DATA_DIR: dataDir, NODE_ENV: 'test', LOG_LEVEL: 'silent' };
  const room = await Test.createTestingModule({
    imports: [PlatformModule.with(environment), ConversationModule, NeighbourModule],
  }).compile();
  await room.init();
  const database = room.get(Database);
  return {
    database,
    conversations: room.get(ConversationService),
    messages: room.get(MessageService),
    summaries: room.get(SummaryService),
    forks: room.get(ForkService, { strict: false }),
    exports: room.get(ExportService, { strict: false }),
    listener: room.get(PurgeListener),
    /** An editor of a workspace of their own. */
    newcomer: async (): Promise<Principal> => {
      const caller: Principal = { userId: newId(), workspaceId: newId(), role: 'editor', isSystemAdmin: false };
      await database.query('INSERT INTO workspace (id, name, created_by) VALUES ($1, $2, $3)', [
        caller.workspaceId,
        'Test',
        caller.userId,
      ]);
      return caller;
    },
    close: async () => {
      await room.close();
      await postgres.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export type ConversationRoom = Awaited<ReturnType<typeof startConversationRoom>>;
