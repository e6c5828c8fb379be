import type { ChunkQuery } from './chunk-search.js';

/** Candidates of each way of searching. */
export const CANDIDATES = 60;

/** Of reciprocal rank fusion, as its authors have it (Cormack et al. 2009). */
const RRF_K = 60;

/** A word that more chunks have than this tells nothing apart; counting ends there. */
const COMMON = 2_000;

/**
 * What a score is raised to: it brings passages that answer a question above 0.7, where thresholds are mostly set. Of the
 * questions of `bench/corpus` nine in ten find their passage there.
 */
const SCALE = 0.3;

/** Values of {@link searchStatement}; `near` may use those after them. */
export const searchValues = (query: ChunkQuery): readonly unknown[] => [
  query.workspaceId,
  query.collections.map(({ id }) => id),
  query.collections.map(({ language }) => language),
  query.documentIds ?? null,
  query.words.join(' '),
  query.limit,
  query.threshold,
  query.similarity.unrelated,
  query.similarity.same,
];

export const NEAR_NOTHING = 'SELECT NULL::uuid AS id, NULL::float8 AS similarity WHERE false';

/**
 * The search by words, fused with `near` (rows of id and similarity, at most {@link CANDIDATES}). Chunks with many of the
 * query's rare words come first: a word weighs 1 + ln((n + 1) / (chunks with it + 1)).
 */
export const searchStatement = (near: string): string => `
  WITH own AS (
    SELECT ('''workspace:' || $1::uuid::text || '''')::tsquery AS query
  ), place AS (
    SELECT language, array_agg(id) AS ids FROM unnest($2::uuid[], $3::text[]) AS p (id, language) GROUP BY language
  ), total AS (
    SELECT coalesce(sum(chunk_count), 0)::float8 AS n FROM document
    WHERE workspace_id = $1 AND collection_id = ANY($2::uuid[])
  ), term AS MATERIALIZED (
    SELECT place.language, word.query, held.n AS held,
      1 + ln((greatest(total.n, held.n) + 1) / (held.n + 1)) AS weight
    FROM own CROSS JOIN total CROSS JOIN place
    CROSS JOIN LATERAL unnest(tsvector_to_array(to_tsvector(place.language::regconfig, $5::text))) AS lexeme
    CROSS JOIN LATERAL (
      SELECT ('''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''')::tsquery AS query
    ) word
    CROSS JOIN LATERAL (
      SELECT count(*)::float8 AS n FROM (
        SELECT FROM chunk k
        WHERE k.search @@ (own.query && word.query) AND k.workspace_id = $1 AND k.collection_id = ANY($2::uuid[])
        LIMIT ${COMMON}
      ) counted
    ) held
  ), wanted AS MATERIALIZED (
    SELECT place.language, place.ids, sum(term.weight) AS weight,
      coalesce(
        string_agg(term.query::text, ' | ') FILTER (WHERE term.held BETWEEN 1 AND ${COMMON - 1}),
        string_agg(term.query::text, ' & ')
      )::tsquery AS query
    FROM place JOIN term ON term.language = place.language GROUP BY place.language, place.ids
  ), hit AS (
    SELECT id, row_number() OVER (ORDER BY share DESC, rank DESC, id) AS place FROM (
      SELECT k.id, ts_rank(k.search, wanted.query, 1) AS rank, (
        SELECT sum(term.weight) FROM term WHERE term.language = wanted.language AND k.search @@ term.query
      ) / wanted.weight AS share
      FROM own CROSS JOIN wanted JOIN chunk k ON k.search @@ (own.query && wanted.query)
      WHERE k.workspace_id = $1 AND k.collection_id = ANY(wanted.ids)
        AND ($4::uuid[] IS NULL OR k.document_id = ANY($4::uuid[]))
      ORDER BY share DESC, rank DESC, k.id LIMIT ${CANDIDATES}
    ) found
  ), near AS (
    SELECT id, similarity, row_number() OVER (ORDER BY similarity DESC, id) AS place FROM (${near}) nearest
  ), fused AS (
    SELECT coalesce(hit.id, near.id) AS id, near.similarity,
      coalesce(1.0 / (${RRF_K} + hit.place), 0) + coalesce(1.0 / (${RRF_K} + near.place), 0) AS fused
    FROM hit FULL JOIN near ON near.id = hit.id
  ), scored AS (
    SELECT k.id, d.id AS "documentId", d.title, k.heading, k.text, k.start_at AS start, k.end_at AS "end",
      fused.fused::float8 AS fused, power(least(1, greatest(
        coalesce((
          SELECT sum(term.weight) FROM term WHERE term.language = wanted.language AND k.search @@ term.query
        ) / wanted.weight, 0),
        coalesce((fused.similarity - $8::float8) / ($9::float8 - $8::float8), 0)
      )), ${SCALE})::float8 AS score
    FROM fused
    JOIN chunk k ON k.id = fused.id AND k.workspace_id = $1
    JOIN document d ON d.id = k.document_id AND d.workspace_id = $1
    LEFT JOIN wanted ON k.collection_id = ANY(wanted.ids)
  )
  SELECT * FROM scored WHERE score > 0 AND score >= $7::float8 ORDER BY fused DESC, score DESC, id LIMIT $6`;
