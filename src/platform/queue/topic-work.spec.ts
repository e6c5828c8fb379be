import { Logger } from '@nestjs/common';
import { TopicWork } from './topic-work.js';

const logger = new Logger('test');

/** A handler whose work ends when the test says so, over tables that say what the test says. */
function desk(concurrency: number) {
  const started: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  let due: readonly string[] = [];
  const work = new TopicWork(
    'letter',
    concurrency,
    {
      handle: (id, signal) => {
        started.push(id);
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        ends.set(id, (error) => (error ? reject(error) : resolve()));
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        return promise;
      },
      due: async (limit) => due.slice(0, limit),
    },
    logger,
  );
  return {
    work,
    started,
    finish: (id: string, error?: Error) => ends.get(id)?.(error),
    say: (ids: string[]) => (due = ids),
  };
}

describe('the work of a topic', () => {
  beforeAll(() => Logger.overrideLogger(false));

  it('found in the tables is begun once, never more of it than there are places', async () => {
    const { work, started, say } = desk(3);
    say(['a', 'b', 'c', 'd', 'e']);
    await work.look();
    await work.look();
    expect(started).toEqual(['a', 'b', 'c']);
  });

  it('told of by the queue takes a place as well', async () => {
    const { work, started, say } = desk(3);
    void work.run('x');
    void work.run('y');
    say(['x', 'a', 'b']);
    await work.look();
    expect(started).toEqual(['x', 'y', 'a']);
  });

  it('that was left for want of places is looked for again when one is free', async () => {
    const { work, started, finish, say } = desk(1);
    say(['a']);
    await work.look();
    say(['b']);
    finish('a');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(started).toEqual(['a', 'b']);
    work.abort();
    await work.end();
  });

  it('that fails disturbs no other, and ends', async () => {
    const { work, finish } = desk(2);
    const [failing, sound] = [work.run('a'), work.run('b')];
    finish('a', new Error('broken'));
    await expect(failing).resolves.toBeUndefined();
    finish('b');
    await sound;
    await work.end();
  });

  it('that is found while the end has come is left', async () => {
    const { work, started, say } = desk(2);
    say(['a']);
    const looking = work.look();
    await work.end();
    await looking;
    expect(started).toEqual([]);
  });

  it('is waited for at the end, asked to stop when told so, and nothing is begun any more', async () => {
    const { work, started, say } = desk(2);
    void work.run('a');
    const ended = work.end();
    say(['b']);
    await work.look();
    let over = false;
    void ended.then(() => (over = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(over).toBe(false);
    work.abort();
    await ended;
    expect(started).toEqual(['a']);
  });
});
