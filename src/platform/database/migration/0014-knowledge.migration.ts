import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Documents, their bytes in parts, and the chunks they are searched by. A chunk's search vector carries its workspace as a
 * lexeme, so that the index itself is narrowed to one workspace. An embedding is the 32-bit floats of a vector of length 1;
 * `embedding_hash` is of the model and the text it was made from, so that equal text is not embedded twice.
 */
export class Knowledge1700000000014 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE collection (
        id uuid PRIMARY KEY,
        workspace_id uuid NOT NULL REFERENCES workspace ON DELETE CASCADE,
        name text NOT NULL,
        language text NOT NULL,
        embedding_model text NOT NULL,
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT collection_name UNIQUE (workspace_id, name)
      );
      CREATE TABLE document_content (
        id uuid PRIMARY KEY,
        workspace_id uuid NOT NULL REFERENCES workspace ON DELETE CASCADE,
        sha256 bytea,
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT document_content_once UNIQUE (workspace_id, sha256)
      );
      CREATE INDEX document_content_unfinished ON document_content (created_at) WHERE sha256 IS NULL;
      CREATE TABLE document_part (
        content_id uuid NOT NULL REFERENCES document_content ON DELETE CASCADE,
        part integer NOT NULL,
        bytes bytea NOT NULL,
        PRIMARY KEY (content_id, part)
      );
      ALTER TABLE document_part ALTER COLUMN bytes SET STORAGE EXTERNAL;
      CREATE TABLE document (
        id uuid PRIMARY KEY,
        workspace_id uuid NOT NULL REFERENCES workspace ON DELETE CASCADE,
        collection_id uuid NOT NULL REFERENCES collection ON DELETE CASCADE,
        content_id uuid NOT NULL REFERENCES document_content,
        created_by uuid NOT NULL,
        title text NOT NULL,
        media_type text NOT NULL,
        bytes integer NOT NULL,
        metadata jsonb NOT NULL DEFAULT '{}',
        status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processing', 'ready', 'failed')),
        chunk_count integer NOT NULL DEFAULT 0,
        chunks_done integer NOT NULL DEFAULT 0,
        chunks_planned integer,
        problem jsonb,
        revision integer NOT NULL DEFAULT 0,
        version integer NOT NULL DEFAULT 1,
        attempt integer NOT NULL DEFAULT 0,
        claim bigint NOT NULL DEFAULT 0,
        due_at timestamptz NOT NULL DEFAULT now(),
        claimed_until timestamptz,
        created_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
        updated_at timestamptz(3) NOT NULL DEFAULT clock_timestamp()
      );
      CREATE INDEX document_of_workspace ON document (workspace_id, id);
      CREATE INDEX document_of_collection ON document (collection_id, id);
      CREATE INDEX document_of_content ON document (content_id);
      CREATE INDEX document_due ON document (due_at) WHERE status IN ('pending', 'processing');
      CREATE TABLE chunk (
        id uuid PRIMARY KEY,
        workspace_id uuid NOT NULL,
        collection_id uuid NOT NULL,
        document_id uuid NOT NULL REFERENCES document ON DELETE CASCADE,
        position integer NOT NULL,
        start_at integer NOT NULL,
        end_at integer NOT NULL,
        heading text NOT NULL,
        text text NOT NULL,
        embedding bytea NOT NULL,
        embedding_hash bytea NOT NULL,
        search tsvector NOT NULL,
        CONSTRAINT chunk_position UNIQUE (document_id, position)
      );
      ALTER TABLE chunk ALTER COLUMN embedding SET STORAGE EXTERNAL;
      CREATE INDEX chunk_search ON chunk USING gin (search);
      CREATE INDEX chunk_embedded ON chunk (workspace_id, embedding_hash);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE IF EXISTS chunk_vector');
    await runner.query('DROP TABLE chunk, document, document_part, document_content, collection');
  }
}
