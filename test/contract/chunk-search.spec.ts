import { chunkWorld } from '../support/chunk-world.js';
import { migratedDatabase } from '../support/migrated-database.js';
import { pgliteDatabase } from '../support/pglite-database.js';
import { describeChunkSearch } from './chunk-search.contract.js';

describeChunkSearch({
  name: 'exact, on the embedded server',
  usesPgvector: false,
  open: async () => {
    const base = await migratedDatabase('chunk_search');
    return { world: chunkWorld(base), close: base.drop };
  },
});

describeChunkSearch({
  name: 'exact, with hardly any memory',
  usesPgvector: false,
  open: async () => {
    const base = await migratedDatabase('chunk_search_tight');
    const world = chunkWorld(base, { VECTOR_CACHE_MB: '1', PGVECTOR: 'false' });
    return { world, close: base.drop };
  },
});

describeChunkSearch({
  name: 'by pgvector',
  usesPgvector: true,
  open: async () => {
    const base = await pgliteDatabase();
    return { world: chunkWorld(base), close: base.close };
  },
});
