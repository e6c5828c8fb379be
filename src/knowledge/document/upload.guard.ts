import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Response } from 'express';
import { Problem } from '../../platform/problem/problem.js';
import { isUpload, type UploadRequest } from './upload.js';
import { ContentStore } from './content-store.js';
import { UploadReader } from './upload-reader.js';

/**
 * Takes in the file of a multipart request, once the caller is known and before the body is looked at: the fields become
 * the body, the file's hash among them, so that validation and Idempotency-Key hold for uploads as for JSON. A file that no
 * document took is dropped.
 */
@Injectable()
export class UploadGuard implements CanActivate {
  constructor(
    private readonly reader: UploadReader,
    private readonly contents: ContentStore,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<UploadRequest>();
    if (!isUpload(request) || !request.principal) return true;
    const response = http.getResponse<Response>();
    try {
      const { upload, fields } = await this.reader.read(request, request.principal.workspaceId);
      request.upload = upload;
      request.body = { ...fields, ...(upload && { file: upload.sha256.toString('hex') }) };
      if (upload) response.once('close', () => void this.contents.discard(upload.contentId).catch(() => undefined));
    } catch (error) {
      if (error instanceof Problem && !request.complete) response.setHeader('Connection', 'close');
      throw error;
    }
    return true;
  }
}
