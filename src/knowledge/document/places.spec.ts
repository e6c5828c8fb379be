import { setImmediate as turn } from 'node:timers/promises';
import type { Lifecycle } from '../../platform/health/lifecycle.js';
import { KnowledgeConfig } from '../knowledge.config.js';
import { Places } from './places.js';

const { signal } = new AbortController();

/** Two places, and documents that are worked on until the test says so. */
function room() {
  const lifecycle = { isDraining: false };
  const places = new Places(lifecycle as Lifecycle, new KnowledgeConfig({ DOCUMENT_CONCURRENCY: '2' }));
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const begin = (name: string, stop: AbortSignal = signal): Promise<void> =>
    places.within(stop, () => {
      begun.push(name);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      ends.set(name, (error) => (error ? reject(error) : resolve()));
      return promise;
    });
  return { lifecycle, begun, begin, end: (name: string, error?: Error) => ends.get(name)?.(error) };
}

describe('the places of documents', () => {
  it('are taken in turn, also after one that failed', async () => {
    const { begun, begin, end } = room();
    const [a] = [begin('a'), begin('b'), begin('c'), begin('d')];
    await turn();
    expect(begun).toEqual(['a', 'b']);
    end('a', new Error('broken'));
    await expect(a).rejects.toThrow('broken');
    end('b');
    await turn();
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
  });

  it('are taken by nobody any more when the process drains: who waits leaves with those who have one', async () => {
    const { lifecycle, begun, begin, end } = room();
    const all = ['a', 'b', 'c', 'd', 'e'].map((name) => begin(name));
    await turn();
    lifecycle.isDraining = true;
    all.push(begin('f'));
    end('a');
    end('b');
    await Promise.all(all);
    await begin('g');
    expect(begun).toEqual(['a', 'b']);
  });

  it('are not waited for after an abort', async () => {
    const { begun, begin, end } = room();
    const stop = new AbortController();
    const waiting = [begin('a'), begin('b'), begin('c', stop.signal), begin('d')][2];
    stop.abort(new Error('The process shuts down.'));
    await expect(waiting).rejects.toThrow('The process shuts down.');
    end('a');
    await turn();
    expect(begun).toEqual(['a', 'b', 'd']);
  });
});
