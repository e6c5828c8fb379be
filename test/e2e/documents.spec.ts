import { setTimeout as sleep } from 'node:timers/promises';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { docx, pdf } from '../support/document-files.js';
import { libraryOf, type Library } from '../support/knowledge.js';
import { openStream } from '../support/sse.js';

const MAX_BYTES = 2_000_000;
const WARRANTY = 'The warranty on every kettle lasts two years from the day of purchase.';
/** Made before the server is there: it takes seconds without a turn for anybody. */
const BOMB = docx('Bomb', [], { 'word/a.bin': Buffer.alloc(101 * 1024 * 1024) });

describe('documents', () => {
  let chatter: TestApp;
  let anna: SignedIn;
  let bert: SignedIn;
  let library: Library;

  beforeAll(async () => {
    chatter = await startApp({ DOCUMENT_MAX_BYTES: String(MAX_BYTES), LOG_LEVEL: 'fatal' });
    [anna, bert] = [await chatter.register(), await chatter.register()];
    library = libraryOf(chatter, anna);
  });
  afterAll(() => chatter.close());

  const get = (path: string, as = anna) => chatter.call('GET', path, { as });

  it.each<[string, Buffer | string]>([
    ['kettle.pdf', pdf([[WARRANTY]])],
    ['kettle.docx', docx('Kettle', [WARRANTY])],
    ['kettle.html', `<h1>Kettle</h1><p>${WARRANTY}</p>`],
    ['kettle.md', `# Kettle\n\n${WARRANTY}`],
    ['kettle.txt', WARRANTY],
    ['kettle.csv', `subject,text\nkettle,"${WARRANTY}"`],
    ['kettle.json', JSON.stringify({ kettle: WARRANTY })],
  ])('are read from %s and found', async (name, bytes) => {
    const { status, headers, body } = await library.upload(name, bytes, { collection: name });
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/api/v1/documents/${body.id}`);
    expect(body).toMatchObject({
      title: name,
      collection: name,
      status: 'pending',
      bytes: Buffer.from(bytes as string).length,
    });
    expect(await library.done(body.id)).toMatchObject({ status: 'ready', chunks: 1 });
    const [found] = await library.search('How long is the warranty on a kettle?', { collections: [name] });
    expect(found).toMatchObject({ documentId: body.id, title: name, snippet: expect.stringContaining('two years') });
    const { items } = (await get(`/documents/${body.id}/chunks`)).body;
    expect(items).toMatchObject([{ id: found.chunkId, position: 0, start: found.start, end: found.end }]);
  });

  it('are made of JSON as well, with metadata that searches ask for', async () => {
    await library.add('North', 'The north hall opens at nine.', {
      collection: 'halls',
      metadata: { hall: 'north', open: true },
    });
    await library.add('South', 'The south hall opens at noon.', { collection: 'halls', metadata: { hall: 'south' } });
    const found = await library.search('When does the hall open?', {
      collections: ['halls'],
      metadata: { hall: 'south' },
    });
    expect(found.map(({ title }) => title)).toEqual(['South']);
    const all = await library.search('When does the hall open?', { collections: ['halls'] });
    expect(all.map(({ title }) => title).toSorted()).toEqual(['North', 'South']);
    const { items } = (await get('/documents?collection=halls&status=ready')).body;
    expect(items.map(({ title }: { title: string }) => title)).toEqual(['South', 'North']);
    expect(items[1].metadata).toEqual({ hall: 'north', open: true });
  });

  it('that cannot be read fail with the reason, and are not found', async () => {
    const bad: readonly [string, Buffer | string, RegExp][] = [
      ['empty.txt', '', /empty/],
      ['wrong.pdf', 'This is no PDF.', /no pdf/],
      ['locked.pdf', pdf([['Secret.']], { encrypted: true }), /encrypted/],
      ['cut.pdf', pdf([['Some text.']]).subarray(0, 300), /cut off/],
      ['bomb.docx', BOMB, /100 MiB/],
      ['junk.bin', Buffer.from([0, 1, 2, 3]), /kind/],
    ];
    for (const [name, bytes, reason] of bad) {
      const { status, body } = await library.upload(name, bytes, { collection: 'bad' });
      expect(status).toBe(202);
      const document = await library.done(body.id);
      expect(document).toMatchObject({ status: 'failed', problem: { type: '/problems/document-unreadable' } });
      expect(document.problem.detail).toMatch(reason);
    }
    expect(await library.search('secret text', { collections: ['bad'] })).toEqual([]);
    await library.add('Good', 'All is well.', { collection: 'bad' });
    expect(await library.search('Is all well?', { collections: ['bad'] })).toHaveLength(1);
  });

  it('are refused when they are too large, and leave nothing', async () => {
    const limit = Buffer.alloc(MAX_BYTES, 'word ');
    expect((await library.upload('whole.txt', limit, { collection: 'large' })).status).toBe(202);
    const { status, body } = await library.upload('large.txt', Buffer.concat([limit, limit]));
    expect([status, body.type]).toEqual([413, '/problems/document-too-large']);
    const huge = await library.upload('huge.txt', Buffer.alloc(20_000_000, 'x'));
    expect(huge.status).toBe(413);
    expect(
      (await get('/documents?status=pending')).body.items.filter(
        ({ title }: { title: string }) => title !== 'whole.txt',
      ),
    ).toEqual([]);
  });

  it.each<[string, number, string, RegExp]>([
    ['without a boundary', 400, 'multipart/form-data', /boundary/],
    ['that breaks off', 400, 'multipart/form-data; boundary=x', /broke off|no multipart/],
  ])('are refused in a body %s', async (_, status, type, detail) => {
    const response = await fetch(`${chatter.url}/api/v1/documents`, {
      method: 'POST',
      headers: { ...anna.headers, 'Content-Type': type },
      body: '--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello',
    });
    const body = (await response.json()) as { detail: string };
    expect(response.status).toBe(status);
    expect(body.detail).toMatch(detail);
  });

  it('are refused with every fault of their fields', async () => {
    const { status, body } = await library.upload('a.txt', 'text', { metadata: 'no json', colour: 'red' });
    expect(status).toBe(422);
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).toSorted()).toEqual(['/colour', '/metadata']);
    const empty = await chatter.call('POST', '/documents', { as: anna, body: { metadata: {} } });
    expect(empty.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/title', '/content']);
  });

  it('are taken in once under an Idempotency-Key, and with another file it is refused', async () => {
    const key = { 'Idempotency-Key': 'upload-1' };
    const first = await library.upload('a.txt', 'Same text.', {}, key);
    const again = await library.upload('a.txt', 'Same text.', {}, key);
    expect(again.body.id).toBe(first.body.id);
    expect((await library.upload('a.txt', 'Other text.', {}, key)).status).toBe(422);
  });

  it('tell of their states until the end', async () => {
    const text = Array.from({ length: 400 }, (_, n) =>
      `Paragraph number ${n} says something of its own. `.repeat(20),
    ).join('\n\n');
    const { body } = await library.upload('long.txt', text);
    const live = await openStream(`${chatter.url}/api/v1/documents/${body.id}/events`, { headers: anna.headers });
    const { frames, done } = await live.whole();
    const events = frames.map(({ event }) => event);
    expect(done).toBe(true);
    expect(events.at(-1)).toMatchObject({ type: 'ready', documentId: body.id, chunks: expect.any(Number) });
    const seqs = frames.map(({ id }) => id);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    for (const { progress } of events) if (progress) expect(progress.done).toBeLessThanOrEqual(progress.total);
    const rest = await openStream(`${chatter.url}/api/v1/documents/${body.id}/events`, {
      headers: { ...anna.headers, 'Last-Event-ID': String(seqs.at(-1)) },
    });
    expect((await rest.whole()).frames).toEqual([]);
  });

  it('are processed again when asked, and are found all the while', async () => {
    const { id } = await library.add('Again', 'Otters hold hands while they sleep.', { collection: 'again' });
    const { status, body } = await chatter.call('POST', `/documents/${id}/reprocess`, { as: anna });
    expect([status, body.id]).toEqual([202, id]);
    expect(await library.search('otters sleep', { collections: ['again'] })).toHaveLength(1);
    await sleep(50);
    expect(await library.done(id)).toMatchObject({ status: 'ready', chunks: 1 });
    expect(await library.search('otters sleep', { collections: ['again'] })).toHaveLength(1);
  });

  it('are gone with all they were found by when they are deleted, or their collection is', async () => {
    const one = await library.add('One', 'Beavers build dams.', { collection: 'gone' });
    await library.add('Two', 'Beavers build lodges.', { collection: 'gone' });
    expect((await chatter.call('DELETE', `/documents/${one.id}`, { as: anna })).status).toBe(204);
    expect((await library.search('beavers build', { collections: ['gone'] })).map(({ title }) => title)).toEqual([
      'Two',
    ]);
    const { items } = (await get('/collections')).body;
    const { id } = items.find(({ name }: { name: string }) => name === 'gone');
    expect((await chatter.call('DELETE', `/collections/${id}`, { as: anna })).status).toBe(204);
    expect(await library.search('beavers build', { collections: ['gone'] })).toEqual([]);
    expect((await get(`/documents/${one.id}`)).status).toBe(404);
  });

  it('are in collections of a language, whose words are found in every form', async () => {
    const body = { name: 'german', language: 'german' };
    const made = await chatter.call('POST', '/collections', { as: anna, body });
    expect(made.body).toMatchObject({ ...body, embeddingModel: 'local:hashing', documentCount: 0 });
    expect((await chatter.call('POST', '/collections', { as: anna, body })).status).toBe(409);
    await library.add('Katzen', 'Katzen schlafen gerne lange.', { collection: 'german' });
    const [found] = await library.search('Schläft die Katze?', { collections: ['german'], mode: 'text' });
    expect(found).toMatchObject({ title: 'Katzen' });
    const unknown = await chatter.call('POST', '/collections', {
      as: anna,
      body: { name: 'x', embeddingModel: 'no:model' },
    });
    expect(unknown.body).toMatchObject({
      type: '/problems/embedding-model-unknown',
      detail: expect.stringContaining('local'),
    });
  });

  it('of another workspace are not there', async () => {
    const { id } = await library.add('Diary', 'Anna keeps bees in Lisbon.', { collection: 'private' });
    const { body } = await get('/collections');
    const collection = body.items.find(({ name }: { name: string }) => name === 'private');
    const stranger = libraryOf(chatter, bert);
    const missing = '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b';
    for (const path of ['', '/chunks', '/events']) {
      const foreign = await get(`/documents/${id}${path}`, bert);
      const none = await get(`/documents/${missing}${path}`, bert);
      expect(foreign.status).toBe(404);
      expect(foreign.body.detail.replace(id, '')).toBe(none.body.detail.replace(missing, ''));
    }
    for (const [method, path] of [
      ['POST', `/documents/${id}/reprocess`],
      ['DELETE', `/documents/${id}`],
      ['DELETE', `/collections/${collection.id}`],
    ] as const)
      expect((await chatter.call(method, path, { as: bert })).status).toBe(404);
    for (const more of [{}, { documentIds: [id] }, { collections: ['private'] }, { mode: 'text' }, { mode: 'vector' }])
      expect(await stranger.search('bees in Lisbon', more)).toEqual([]);
    expect((await get('/documents', bert)).body.items).toEqual([]);
    await stranger.add('Own', 'Anna keeps bees in Lisbon.', { collection: 'private' });
    expect((await stranger.search('bees in Lisbon')).map(({ title }) => title)).toEqual(['Own']);
    expect((await library.search('bees in Lisbon', { collections: ['private'] })).map(({ title }) => title)).toEqual([
      'Diary',
    ]);
  });
});
