import { z } from 'zod';
import { configuration, setting } from '../platform/config/configuration.js';
import { flag, integer } from '../platform/config/values.js';

export class KnowledgeConfig extends configuration('Knowledge', {
  maxBytes: setting('DOCUMENT_MAX_BYTES', integer(1_024, 1_000_000_000).default(26_214_400), 'Largest document taken.'),
  maxPages: setting('DOCUMENT_MAX_PAGES', integer(1, 100_000).default(2_000), 'Most pages of a PDF.'),
  maxCharacters: setting(
    'DOCUMENT_MAX_CHARACTERS',
    integer(1_000, 100_000_000).default(10_000_000),
    'Longest text of a document.',
  ),
  parseTimeoutMs: setting(
    'DOCUMENT_PARSE_TIMEOUT_MS',
    integer(100, 3_600_000).default(120_000),
    'Longest time the text of a document may take to be read.',
  ),
  parseMemoryMb: setting(
    'DOCUMENT_PARSE_MEMORY_MB',
    integer(64, 16_384).default(512),
    'Memory the thread that reads a document may take.',
  ),
  concurrency: setting('DOCUMENT_CONCURRENCY', integer(1, 64).default(2), 'Documents this process works on at once.'),
  embeddingModel: setting(
    'EMBEDDING_MODEL',
    z
      .string()
      .regex(/^[^\s:]+:\S+$/, 'must be a model as "provider:model"')
      .default('local:hashing'),
    'Embedding model of collections that name none, as "provider:model": local:hashing, openai-compatible:<model> or ollama:<model>.',
  ),
  usePgvector: setting(
    'PGVECTOR',
    flag().default(true),
    'Whether vectors are searched by the pgvector extension when the database has it.',
  ),
  vectorCacheMb: setting(
    'VECTOR_CACHE_MB',
    integer(1, 65_536).default(256),
    'Memory for vectors kept by a process that searches without pgvector.',
  ),
}) {}
