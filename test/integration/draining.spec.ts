import { setTimeout as sleep } from 'node:timers/promises';
import { Global, Module, type Provider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { FigureFolder } from '../../src/metrics/figure-folder.js';
import { FigureRepository } from '../../src/metrics/figure.repository.js';
import { CacheCounters } from '../../src/platform/cache/cache-counters.js';
import { memoryStore } from '../../src/platform/cache/cache-store.js';
import { CacheConfig } from '../../src/platform/cache/cache.config.js';
import { TaggedCache } from '../../src/platform/cache/tagged-cache.js';
import { Clock } from '../../src/platform/clock/clock.js';
import { ServerConfig } from '../../src/platform/config/server.config.js';
import { Database } from '../../src/platform/database/database.js';
import { Lifecycle } from '../../src/platform/health/lifecycle.js';
import { Sealer } from '../../src/platform/sealing/sealer.js';
import { AuditKey } from '../../src/security/audit/audit-key.js';
import { AuditRepository } from '../../src/security/audit/audit.repository.js';
import { AuditSealer } from '../../src/security/audit/audit.sealer.js';
import { BudgetRepository } from '../../src/usage/budget/budget.repository.js';
import { UsageRepository } from '../../src/usage/ledger/usage.repository.js';
import { UsageUpkeep } from '../../src/usage/usage-upkeep.js';
import { eventually } from '../support/eventually.js';

const config = new ServerConfig({ SHUTDOWN_DELAY_MS: '0' });

/** The lifecycle beside a room with these parts, as in the application. */
async function house(providers: readonly Provider[]) {
  @Global()
  @Module({ providers: [{ provide: Lifecycle, useValue: new Lifecycle(config) }], exports: [Lifecycle] })
  class Ground {}
  @Module({ providers: [...providers] })
  class Room {}
  const app = await Test.createTestingModule({ imports: [Ground, Room] }).compile();
  app.useLogger(false);
  await app.init();
  return { app, lifecycle: app.get(Lifecycle) };
}

describe('the drain of a process', () => {
  /** A statement of a database that hangs. */
  let statement: PromiseWithResolvers<never>;
  let isAsked: boolean;
  const hanging = () => {
    isAsked = true;
    return statement.promise;
  };

  beforeEach(() => {
    statement = Promise.withResolvers();
    isAsked = false;
  });

  it.each<{ what: string; parts: readonly Provider[] }>([
    {
      what: 'the sums of figures',
      parts: [FigureFolder, { provide: FigureRepository, useValue: { fold: hanging } }],
    },
    {
      what: 'the ledger of usage',
      parts: [
        UsageUpkeep,
        { provide: UsageRepository, useValue: { fold: hanging } },
        { provide: BudgetRepository, useValue: {} },
      ],
    },
    {
      what: 'the chains of audit',
      parts: [
        AuditSealer,
        { provide: AuditRepository, useValue: { unsealedChains: hanging } },
        { provide: AuditKey, useValue: {} },
        { provide: Database, useValue: { detached: (work: () => Promise<unknown>) => work() } },
      ],
    },
  ])('is not held up by $what, and waits for it', async ({ parts }) => {
    const { app, lifecycle } = await house(parts);
    let isClosed = false;
    if (parts[0] === UsageUpkeep) void app.get(UsageUpkeep, { strict: false }).work();
    await eventually(() => isAsked);
    const closing = app.close().then(() => (isClosed = true));
    await eventually(() => lifecycle.isDraining, { withinMs: 4_000 });
    await sleep(100);
    expect(isClosed).toBe(false);
    statement.reject(new Error('The database is away.'));
    await closing;
  });

  it('ends before the cache is closed', async () => {
    const order: string[] = [];
    const store = { ...memoryStore({ ttlMs: 1, maxEntries: 1, maxBytes: 1 }, () => undefined) };
    store.close = async () => void order.push('closed');
    const cache = new TaggedCache(
      store,
      new CacheConfig({}),
      new Sealer(Buffer.alloc(32, 7)),
      new Clock(),
      new CacheCounters(),
    );
    const { app, lifecycle } = await house([{ provide: TaggedCache, useValue: cache }]);
    lifecycle.onDrain(async () => void order.push('drained'));
    await app.close();
    expect(order).toEqual(['drained', 'closed']);
  });
});
