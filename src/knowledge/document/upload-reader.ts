import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import busboy, { type Busboy } from 'busboy';
import type { Request } from 'express';
import { KnowledgeConfig } from '../knowledge.config.js';
import { documentTooLarge, uploadMalformed } from '../knowledge.errors.js';
import { declaredType } from '../parse/media-type.js';
import { ContentStore } from './content-store.js';
import { drained } from './drained.js';
import type { Upload } from './upload.js';

export interface ReadUpload {
  readonly upload: Upload | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

const PART_BYTES = 524_288;
const LIMITS = { files: 1, fields: 16, parts: 20, fieldNameSize: 100, fieldSize: 65_536, headerPairs: 50 };
const MAX_NAME = 500;

/** Reads multipart bodies; the file goes to the store as it comes. */
@Injectable()
export class UploadReader {
  constructor(
    private readonly contents: ContentStore,
    private readonly config: KnowledgeConfig,
  ) {}

  /** @throws Problem document-too-large, upload-malformed; nothing is left of the file then */
  async read(request: Request, workspaceId: string): Promise<ReadUpload> {
    const { maxBytes } = this.config;
    const fields: [string, unknown][] = [];
    let storing: Promise<Upload> | undefined;
    const fault = new AbortController();
    const form = formOf(request, maxBytes);

    form.on('field', (name, value, { valueTruncated, nameTruncated }) => {
      if (valueTruncated || nameTruncated) fault.abort(uploadMalformed(`Field "${name.slice(0, 50)}" is too long.`));
      fields.push([name, name === 'metadata' ? jsonOr(value) : value]);
    });
    form.on('file', (name, file, { filename, mimeType }) => {
      file.on('error', () => undefined);
      if (name !== 'file')
        fault.abort(uploadMalformed(`Send the file in the field "file", not "${name.slice(0, 50)}".`));
      storing = this.store(file, workspaceId, String(filename ?? ''), mimeType);
      storing.catch((error: unknown) => fault.abort(error));
    });
    for (const limit of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const)
      form.on(limit, () =>
        fault.abort(uploadMalformed('The body has too many parts: one file and few fields are read.')),
      );

    try {
      await piped(request, form, fault.signal);
      const upload = await storing;
      fault.signal.throwIfAborted();
      return { upload, fields: Object.fromEntries(fields) };
    } catch (error) {
      const left = await Promise.resolve(storing).catch(() => undefined);
      if (left) await this.contents.discard(left.contentId);
      await drained(request);
      throw fault.signal.aborted ? fault.signal.reason : error;
    }
  }

  private async store(file: Readable, workspaceId: string, name: string, sentAs: string): Promise<Upload> {
    const { maxBytes } = this.config;
    const contentId = await this.contents.begin(workspaceId);
    try {
      const hash = createHash('sha256');
      let bytes = 0;
      let part = 0;
      for await (const piece of partsOf(file)) {
        bytes += piece.length;
        if (bytes > maxBytes) throw documentTooLarge(`The file is larger than ${maxBytes} bytes (DOCUMENT_MAX_BYTES).`);
        hash.update(piece);
        await this.contents.append(contentId, part++, piece);
      }
      const title = name.slice(-MAX_NAME).toWellFormed();
      return { contentId, sha256: hash.digest(), bytes, name: title, mediaType: declaredType(name, sentAs) };
    } catch (error) {
      await this.contents.discard(contentId).catch(() => undefined);
      throw error;
    }
  }
}

function formOf(request: Request, maxBytes: number): Busboy {
  try {
    return busboy({
      headers: request.headers,
      defParamCharset: 'utf8',
      limits: { ...LIMITS, fileSize: maxBytes + 1 },
    });
  } catch (error) {
    throw uploadMalformed('The Content-Type names no boundary.', { cause: error });
  }
}

/** Resolves when the form is read to its end. @throws the signal's reason, or upload-malformed for a body that breaks off */
function piped(request: Request, form: Busboy, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (error?: unknown): void => {
      request.unpipe(form);
      request.off('aborted', cut);
      signal.removeEventListener('abort', stop);
      if (error === undefined) return resolve();
      form.destroy();
      reject(error as Error);
    };
    const cut = (): void => end(uploadMalformed('The body broke off.'));
    const stop = (): void => end(signal.reason);
    form.once('error', (error) =>
      end(uploadMalformed('The body is no multipart form, or broke off.', { cause: error })),
    );
    form.once('close', () => end());
    request.once('aborted', cut);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    request.pipe(form);
  });
}

/** The same bytes in parts of a size that is good to store. @throws Problem upload-malformed when they break off */
async function* partsOf(file: Readable): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of file as AsyncIterable<Buffer>) {
      held.push(chunk);
      size += chunk.length;
      if (size < PART_BYTES) continue;
      yield Buffer.concat(held);
      [held, size] = [[], 0];
    }
  } catch (error) {
    throw uploadMalformed('The body broke off.', { cause: error });
  }
  if (size > 0) yield Buffer.concat(held);
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
