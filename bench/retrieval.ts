import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RETRIEVAL_MODES } from '../src/knowledge/retriever.ts';
import { chunkWorld } from '../test/support/chunk-world.ts';
import { migratedDatabase } from '../test/support/migrated-database.ts';
import { pgliteDatabase } from '../test/support/pglite-database.ts';

/**
 * How long a search takes among many chunks, on the embedded server: `npm run bench:retrieval -- 10000 100000`; with
 * `--pglite` on PGlite, first by pgvector, then without it. Chunks are made of sentences of the corpus, each in an order of
 * its own, so that every word is in many of them.
 */
const { values: asked, positionals } = parseArgs({ options: { pglite: { type: 'boolean' } }, allowPositionals: true });
const SYSTEMS = asked.pglite
  ? [
      { name: 'PGlite, pgvector', open: openPglite, usesPgvector: true },
      { name: 'PGlite, exact', open: openPglite, usesPgvector: false },
    ]
  : [{ name: 'embedded, exact', open: openEmbedded, usesPgvector: false }];
const SECTIONS = 100;
const ROUNDS = 3;

interface Passage {
  readonly text: string;
}

interface Question {
  readonly question: string;
}

const read = async <Value>(name: string): Promise<readonly Value[]> =>
  JSON.parse(await readFile(join(import.meta.dirname, 'corpus', name), 'utf8')) as readonly Value[];

const passages = await read<Passage>('passages.json');
const questions = await read<Question>('questions.json');
const sentences = passages.flatMap(({ text }) => text.split(/(?<=\.) /));

async function openEmbedded() {
  const base = await migratedDatabase('bench');
  return { base, close: base.drop };
}

async function openPglite() {
  const base = await pgliteDatabase();
  return { base, close: base.close };
}

let state = 42;
/** The same numbers each time (a linear congruential generator). */
const random = (below: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state % below;
};

const sectionOf = (): string => Array.from({ length: 4 }, () => sentences[random(sentences.length)]).join(' ');

/** Each section becomes a chunk: a heading begins one. */
const documentOf = (first: number): string =>
  Array.from({ length: SECTIONS }, (_, n) => `# Section ${first + n}\n\n${sectionOf()}`).join('\n\n');

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;

async function measure(size: number, { name, open, usesPgvector }: (typeof SYSTEMS)[number]): Promise<void> {
  state = 42;
  const { base, close } = await open();
  const world = chunkWorld(base, { VECTOR_CACHE_MB: '512', PGVECTOR: String(usesPgvector) });
  const workspaceId = await world.workspace();
  const from = performance.now();
  for (let n = 0; n < size; n += SECTIONS)
    await world.add({ workspaceId, title: `Document ${n}`, text: documentOf(n) });
  await base.sql('ANALYZE');
  const [{ count = 0 } = {}] = await base.sql<{ count: number }>('SELECT count(*)::int AS count FROM chunk');
  console.log(`${name}: ${count} chunks stored in ${Math.round((performance.now() - from) / 1000)} s`);
  for (const mode of RETRIEVAL_MODES) {
    const begun = performance.now();
    await world.retrieve(workspaceId, 'The first search', { mode, limit: 5 });
    const first = performance.now() - begun;
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++)
      for (const { question } of questions) {
        const start = performance.now();
        await world.retrieve(workspaceId, question, { mode, limit: 5 });
        times.push(performance.now() - start);
      }
    times.sort((a, b) => a - b);
    const [p50, p95] = [percentile(times, 0.5), percentile(times, 0.95)].map((ms) => ms.toFixed(1));
    console.log(`${name}: ${count} chunks, ${mode}: p50 ${p50} ms, p95 ${p95} ms, first ${first.toFixed(0)} ms`);
  }
  await close();
}

for (const size of positionals.length > 0 ? positionals.map(Number) : [10_000])
  for (const system of SYSTEMS) await measure(size, system);
