import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { AuthenticatedRequest } from '../../platform/http/principal.js';

/** A file that has been taken in, and waits for its document. */
export interface Upload {
  readonly contentId: string;
  readonly sha256: Buffer;
  readonly bytes: number;
  readonly name: string;
  readonly mediaType: string;
}

export interface UploadRequest extends AuthenticatedRequest {
  upload?: Upload;
}

const PATH = '/api/v1/documents';

/** Whether the request brings a file, so that its body is no JSON. */
export const isUpload = ({ method, path, headers }: Pick<Request, 'method' | 'path' | 'headers'>): boolean =>
  method === 'POST' && path.replace(/\/$/, '') === PATH && isMultipart(headers['content-type']);

const isMultipart = (type: string | undefined): boolean => /^multipart\/form-data\s*(?:;|$)/i.test(type ?? '');

/** The file of the request, if it brought one. */
export const Uploaded = createParamDecorator(
  (_: unknown, context: ExecutionContext): Upload | undefined =>
    context.switchToHttp().getRequest<UploadRequest>().upload,
);
