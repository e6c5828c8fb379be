import { Injectable } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { Database } from '../../src/platform/database/database.js';
import { isDatabaseUnavailable, isUniqueViolation } from '../../src/platform/database/fault.js';
import { EventBus, On } from '../../src/platform/event/event-bus.js';
import { migratedDatabase, type MigratedDatabase } from '../support/migrated-database.js';

const ADD = 'INSERT INTO note (text) VALUES ($1)';
const TEXTS = 'SELECT text FROM note ORDER BY text';

class Noted {
  constructor(readonly text: string) {}
}

describe('the database', () => {
  let migrated: MigratedDatabase;
  let database: Database;
  const add = (text: string) => database.query(ADD, [text]);
  const stored = async () => (await migrated.sql<{ text: string }>(TEXTS)).map(({ text }) => text);
  const seen = async () => (await database.query<{ text: string }>(TEXTS)).map(({ text }) => text);

  beforeAll(async () => {
    migrated = await migratedDatabase('database');
    ({ database } = migrated);
    await migrated.sql('CREATE TABLE note (text text CONSTRAINT note_text UNIQUE)');
  });
  beforeEach(() => migrated.sql('TRUNCATE note'));
  afterAll(() => migrated.drop());

  it('keeps single statements at once', async () => {
    await add('a');
    expect(await stored()).toEqual(['a']);
    expect(await database.one(TEXTS)).toEqual({ text: 'a' });
    expect(await database.one('SELECT text FROM note WHERE false')).toBeUndefined();
  });

  it('takes the same statement with other values on any connection', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, index) => add(`n${index}`)));
    expect(await stored()).toHaveLength(50);
  });

  describe('in a transaction', () => {
    it('shows what was written inside, and nothing outside until its end', async () => {
      const result = await database.transaction(async () => {
        await add('a');
        expect(await seen()).toEqual(['a']);
        expect(await stored()).toEqual([]);
        return 'done';
      });
      expect(result).toBe('done');
      expect(await stored()).toEqual(['a']);
    });

    it('keeps nothing when anything throws', async () => {
      const failing = database.transaction(async () => {
        await add('a');
        throw new Error('changed my mind');
      });
      await expect(failing).rejects.toThrow('changed my mind');
      expect(await stored()).toEqual([]);
    });

    it('joins the transaction around it', async () => {
      const failing = database.transaction(async () => {
        await database.transaction(async () => {
          await database.transaction(() => add('inner'));
          expect(await seen()).toEqual(['inner']);
        });
        throw new Error('changed my mind');
      });
      await expect(failing).rejects.toThrow('changed my mind');
      expect(await stored()).toEqual([]);
    });

    it('gives repositories that see and share it', async () => {
      await database.transaction(async () => {
        await add('a');
        const rows: unknown = await database.repository('migration').manager.query(TEXTS);
        expect(rows).toEqual([{ text: 'a' }]);
      });
    });

    it('does not mix with others that run at the same time', async () => {
      const one = (index: number) =>
        database.transaction(async () => {
          await add(`t${index}`);
          await sleep(5);
          expect(await seen()).toEqual([`t${index}`]);
          throw new Error('undone');
        });
      const results = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => one(index)));
      expect(results.map(({ status, ...rest }) => [status, String((rest as { reason: unknown }).reason)])).toEqual(
        Array.from({ length: 10 }, () => ['rejected', 'Error: undone']),
      );
    });

    it('says so when a failed statement, though caught, left nothing to commit', async () => {
      await add('a');
      let committed = false;
      const swallowing = database.transaction(async () => {
        database.afterCommit(() => (committed = true));
        await add('b');
        await add('a').catch(() => undefined);
      });
      await expect(swallowing).rejects.toThrow('nothing of it is stored');
      expect([await stored(), committed]).toEqual([['a'], false]);
    });

    it('lets detached work survive its rollback', async () => {
      const failing = database.transaction(async () => {
        await add('inside');
        await database.detached(() => add('single'));
        await database.detached(() => database.transaction(() => add('transaction')));
        throw new Error('changed my mind');
      });
      await expect(failing).rejects.toThrow('changed my mind');
      expect(await stored()).toEqual(['single', 'transaction']);
    });

    it('does not catch work that it started and that goes on after its end', async () => {
      let later: Promise<unknown> = Promise.resolve();
      const ended = Promise.withResolvers<void>();
      await database.transaction(async () => {
        await add('inside');
        later = ended.promise.then(() => database.transaction(() => add('later')));
      });
      const other = database.transaction(async () => {
        await add('other');
        ended.resolve();
        await later;
        throw new Error('undone');
      });
      await expect(other).rejects.toThrow('undone');
      expect(await stored()).toEqual(['inside', 'later']);
    });
  });

  describe('after a commit', () => {
    it('acts only once everything is stored, in order', async () => {
      const acts: string[] = [];
      await database.transaction(async () => {
        database.afterCommit(() => acts.push('first'));
        await database.transaction(async () => database.afterCommit(() => acts.push('inner')));
        await add('a');
        expect(acts).toEqual([]);
      });
      expect(acts).toEqual(['first', 'inner']);
    });

    it('acts at once outside of a transaction, and outside of any in what it does', async () => {
      let seenInside: Promise<string[]> | undefined;
      await database.transaction(async () => {
        await add('a');
        database.afterCommit(() => {
          seenInside = stored();
        });
      });
      expect(await seenInside).toEqual(['a']);
      let acted = false;
      database.afterCommit(() => (acted = true));
      expect(acted).toBe(true);
    });

    it('never acts on a rollback', async () => {
      let acted = false;
      const failing = database.transaction(async () => {
        database.afterCommit(() => (acted = true));
        throw new Error('changed my mind');
      });
      await expect(failing).rejects.toThrow('changed my mind');
      expect(acted).toBe(false);
    });
  });

  it('gives its connections back, however a transaction ends', async () => {
    const work = (index: number) =>
      database.transaction(async () => {
        await add(`n${index}`);
        if (index % 2 === 0) throw new Error('undone');
      });
    await Promise.allSettled(Array.from({ length: 100 }, (_, index) => work(index)));
    expect(await stored()).toHaveLength(50);
  });

  it('finds a connection for what many transactions do outside of them, on a small pool', async () => {
    const options = migrated.dataSource.options as PostgresDataSourceOptions;
    const source = await new DataSource({ ...options, poolSize: 4 }).initialize();
    try {
      const small = new Database(source);
      const one = (index: number) =>
        small.transaction(async () => {
          await small.query(ADD, [`inside ${index}`]);
          await small.detached(() => small.query(ADD, [`single ${index}`]));
          await small.detached(() => small.transaction(() => small.query(ADD, [`transaction ${index}`])));
        });
      await Promise.all(Array.from({ length: 40 }, (_, index) => one(index)));
      expect(await stored()).toHaveLength(120);
    } finally {
      await source.destroy();
    }
  });

  it('tells a duplicate of a constraint from other faults', async () => {
    await add('a');
    const error: unknown = await add('a').catch((fault: unknown) => fault);
    expect([
      isUniqueViolation(error),
      isUniqueViolation(error, 'note_text'),
      isUniqueViolation(error, 'other'),
    ]).toEqual([true, true, false]);
    expect([isUniqueViolation(new Error('x')), isUniqueViolation(null), isDatabaseUnavailable(error)]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('loses a transaction whose connection is lost, says so, and goes on', async () => {
    const failing = database.transaction(async () => {
      await add('lost');
      const pid = (await database.one<{ pid: number }>('SELECT pg_backend_pid() AS pid'))?.pid;
      await migrated.sql('SELECT pg_terminate_backend($1)', [pid]);
      await add('more');
    });
    const error: unknown = await failing.catch((fault: unknown) => fault);
    expect(isDatabaseUnavailable(error)).toBe(true);
    await add('next');
    expect(await stored()).toEqual(['next']);
  });

  describe('events between rooms', () => {
    @Injectable()
    class Listener {
      @On(Noted)
      async onNoted({ text }: Noted): Promise<void> {
        await add(`heard ${text}`);
        if (text === 'nonsense') throw new Error('refused');
      }
    }

    it('are part of the act: what a listener stores stays or goes with it', async () => {
      const module = await Test.createTestingModule({
        imports: [DiscoveryModule],
        providers: [EventBus, Listener],
      }).compile();
      await module.init();
      const bus = module.get(EventBus);
      const note = (text: string) =>
        database.transaction(async () => {
          await add(text);
          await bus.publish(new Noted(text));
        });
      await note('sense');
      await expect(note('nonsense')).rejects.toThrow('refused');
      expect(await stored()).toEqual(['heard sense', 'sense']);
    });
  });
});
