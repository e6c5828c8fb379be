import { EventEmitter } from 'node:events';
import { jest } from '@jest/globals';
import { Problem } from '../../platform/problem/problem.js';
import { KnowledgeConfig } from '../knowledge.config.js';
import { documentUnreadable } from '../knowledge.errors.js';

/** What the thread does next. */
let happening: readonly [event: string, ...values: unknown[]];

class Thread extends EventEmitter {
  constructor() {
    super();
    setImmediate(() => this.emit(...happening));
  }

  terminate = async (): Promise<void> => undefined;
}

jest.unstable_mockModule('node:worker_threads', () => ({ Worker: Thread }));
const { DocumentParser } = await import('./document-parser.js');

const fault = (code: string): Error => Object.assign(new Error(code), { code });
const parsing = (...next: typeof happening): Promise<unknown> => {
  happening = next;
  return new DocumentParser(new KnowledgeConfig({})).parse(
    Buffer.from('x'),
    'text/plain',
    new AbortController().signal,
  );
};

describe('the thread that reads a document', () => {
  it('answers the text', async () => {
    const parsed = { text: 'x', form: 'plain' };
    expect(await parsing('message', { parsed })).toEqual(parsed);
  });

  it.each<[string, typeof happening, string]>([
    ['has a fault', ['message', { fault: 'The PDF is encrypted.' }], 'The PDF is encrypted.'],
    ['breaks its reader', ['message', { error: 'TypeError' }], 'damaged'],
    ['takes all memory', ['error', fault('ERR_WORKER_OUT_OF_MEMORY')], '512 MB'],
  ])('blames a file that %s', async (_, next, detail) => {
    const error = await parsing(...next).catch((thrown: unknown) => thrown);
    expect(Problem.is(error, documentUnreadable)).toBe(true);
    expect((error as Problem).detail).toContain(detail);
  });

  it.each<[string, typeof happening]>([
    ['cannot be started', ['error', fault('ERR_WORKER_INIT_FAILED')]],
    ['cannot open what it needs', ['error', fault('EMFILE')]],
    ['ends without an answer', ['exit', 1]],
  ])('blames no file when it %s', async (_, next) => {
    const error = await parsing(...next).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(Problem);
  });
});
