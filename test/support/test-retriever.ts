import { Injectable } from '@nestjs/common';
import {
  Retriever,
  type RetrievalRequest,
  type RetrievedChunk,
  type RetrieverPlugin,
} from '../../src/knowledge/retriever.js';

/** A chunk; the number makes it unlike others. */
export const chunk = (number: number, parts: Partial<RetrievedChunk> = {}): RetrievedChunk => ({
  documentId: `document-${number}`,
  chunkId: `chunk-${number}`,
  title: `Title ${number}`,
  score: 1 / number,
  text: `Text of chunk ${number}.`,
  ...parts,
});

/** Finds what the test lays out for it. */
@Injectable()
@Retriever()
export class TestRetriever implements RetrieverPlugin {
  readonly requests: RetrievalRequest[] = [];
  find: (request: RetrievalRequest) => readonly RetrievedChunk[] | Promise<readonly RetrievedChunk[]> = () => [];

  async retrieve(request: RetrievalRequest): Promise<readonly RetrievedChunk[]> {
    this.requests.push(request);
    return this.find(request);
  }
}
