import { problemType, type Problem } from '../platform/problem/problem.js';
import { notFound } from '../platform/problem/http.errors.js';

export const retrievalFailed = problemType({
  slug: 'retrieval-failed',
  status: 502,
  title: 'Retrieval failed',
  explanation: 'The search for documents failed, so nothing was answered without them. Try again; the logs say why.',
});

export const documentTooLarge = problemType({
  slug: 'document-too-large',
  status: 413,
  title: 'Document too large',
  explanation:
    'The file exceeds DOCUMENT_MAX_BYTES (25 MiB by default). Split it, or have the operator raise the limit.',
});

export const uploadMalformed = problemType({
  slug: 'upload-malformed',
  status: 400,
  title: 'Malformed upload',
  explanation:
    'The multipart body could not be read. Send one file in the field "file", and title, collection and metadata as fields.',
});

export const documentUnreadable = problemType({
  slug: 'document-unreadable',
  status: 422,
  title: 'Document unreadable',
  explanation:
    'No text could be taken from the document: it is damaged, encrypted, empty, of a kind that is not supported, not what its name says, or beyond a limit. The detail says which.',
});

export const documentFailed = problemType({
  slug: 'document-failed',
  status: 500,
  title: 'Document not processed',
  explanation:
    'The document could not be processed for a reason of our own, several times. Process it again; the logs say why.',
});

export const embeddingFailed = problemType({
  slug: 'embedding-failed',
  status: 502,
  title: 'Embedding failed',
  explanation: 'The embedding model cannot be reached, or answered with something unexpected. The detail says which.',
});

export const embeddingModelUnknown = problemType({
  slug: 'embedding-model-unknown',
  status: 422,
  title: 'Embedding model unknown',
  explanation: 'There is no such embedding model, or its provider is not configured. The detail says which.',
});

export const noDocument = (id: string): Problem => notFound(`There is no document ${id} in this workspace.`);

export const noCollection = (id: string): Problem => notFound(`There is no collection ${id} in this workspace.`);
