import { Injectable } from '@nestjs/common';
import { EventRepository } from './event.repository.js';
import type { RunEnding } from './run.events.js';

/** What a run showed its reader as a source, by the number it is cited by. */
export interface RunSource {
  readonly index: number;
  readonly documentId: string;
  readonly title: string;
  readonly uri?: string;
  readonly score: number;
  readonly snippet: string;
}

/** Sources of a run that are looked at. */
const MAX_SOURCES = 1_000;

/** The sources of a run that ends, as its log has them. */
@Injectable()
export class RunSources {
  constructor(private readonly events: EventRepository) {}

  /** In the order they were shown; a number may come again. */
  async of({ run, unwritten }: RunEnding): Promise<readonly RunSource[]> {
    const written = await this.events.ofTypes(run.id, ['source'], MAX_SOURCES);
    const all = [...written, ...unwritten.filter(({ type }) => type === 'source')];
    return all.map(({ data }) => {
      const { index, documentId, title, uri, score, snippet } = JSON.parse(data) as RunSource;
      return { index, documentId, title, ...(uri !== undefined && { uri }), score, snippet };
    });
  }
}
