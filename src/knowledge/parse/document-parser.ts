import { Worker } from 'node:worker_threads';
import { Injectable } from '@nestjs/common';
import { documentUnreadable } from '../knowledge.errors.js';
import { KnowledgeConfig } from '../knowledge.config.js';
import type { ParseAnswer, ParsedText, ParseOrder } from './parsed-text.js';

const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './parse-worker.ts' : './parse-worker.js', import.meta.url);

/** Reads documents, each in a thread that is ended when its time or memory is over, whatever the file does to it. */
@Injectable()
export class DocumentParser {
  constructor(private readonly config: KnowledgeConfig) {}

  /** @throws Problem document-unreadable with the reason; the signal's reason; Error when the thread itself failed */
  async parse(bytes: Uint8Array, mediaType: string, signal: AbortSignal): Promise<ParsedText> {
    signal.throwIfAborted();
    const { maxPages, maxCharacters } = this.config;
    const answer = await this.inThread({ bytes, mediaType, maxPages, maxCharacters }, signal);
    if ('parsed' in answer) return answer.parsed;
    if ('fault' in answer) throw documentUnreadable(answer.fault);
    throw documentUnreadable('The file is damaged: reading it failed.', { cause: new Error(answer.error) });
  }

  private async inThread(order: ParseOrder, signal: AbortSignal): Promise<ParseAnswer> {
    const { parseTimeoutMs, parseMemoryMb } = this.config;
    const worker = new Worker(ENTRY, {
      workerData: order,
      execArgv: [],
      env: {},
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: parseMemoryMb, maxYoungGenerationSizeMb: 64 },
    });
    let timer: NodeJS.Timeout | undefined;
    let stop: () => void = () => undefined;
    try {
      return await new Promise<ParseAnswer>((resolve, reject) => {
        stop = () => reject(signal.reason as Error);
        signal.addEventListener('abort', stop, { once: true });
        timer = setTimeout(
          () => resolve({ fault: `Reading the file took longer than ${parseTimeoutMs} ms. Split it.` }),
          parseTimeoutMs,
        );
        worker.once('message', resolve);
        worker.once('error', (error) => {
          if (isOutOfMemory(error))
            resolve({ fault: `Reading the file took more than ${parseMemoryMb} MB of memory. Split it.` });
          else reject(error);
        });
        worker.once('exit', () => reject(new Error('The thread that reads a document ended without an answer.')));
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      await worker.terminate();
    }
  }
}

const isOutOfMemory = (error: unknown): boolean => (error as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY';
