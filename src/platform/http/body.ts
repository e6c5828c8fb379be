import { isUtf8 } from 'node:buffer';
import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { malformedJson, payloadTooLarge, unsupportedMediaType } from '../problem/http.errors.js';

/**
 * Reads JSON bodies up to `limit` bytes; answers what is no JSON, too large or of another media type as a problem. Bodies
 * of requests that `isOther` knows are left to whoever reads them.
 */
export function jsonBody(limit: number, isOther: (request: Request) => boolean = () => false): RequestHandler {
  const parse = express.json({ limit, strict: false, type: isJson, verify: refuseOtherThanUtf8 });
  return (request: Request, response: Response, next: NextFunction) => {
    if (isOther(request)) return next();
    if (Number(request.headers['content-length'] ?? 0) > limit) {
      response.setHeader('Connection', 'close');
      next(payloadTooLarge(`The body is larger than ${limit} bytes.`));
      return;
    }
    if (hasBody(request) && !isJson(request)) {
      next(
        unsupportedMediaType(
          `Content-Type is "${request.headers['content-type'] ?? 'absent'}"; send application/json.`,
        ),
      );
      return;
    }
    parse(request, response, (error?: unknown) => {
      next(error === undefined ? undefined : translated(error, limit));
    });
  };
}

/** `application/json` or `application/<something>+json`, in UTF-8. */
const isJson = ({ headers }: { readonly headers: Readonly<Record<string, unknown>> }): boolean => {
  const [type = '', ...parameters] = String(headers['content-type'] ?? '')
    .toLowerCase()
    .split(';');
  const charset = parameters.map((parameter) => /^\s*charset="?([\w-]+)"?\s*$/.exec(parameter)?.[1]).find(Boolean);
  return /^application\/(?:[\w.+-]+\+)?json$/.test(type.trim()) && (charset ?? 'utf-8').replace('-', '') === 'utf8';
};

function refuseOtherThanUtf8(_request: unknown, _response: unknown, bytes: Buffer): void {
  if (!isUtf8(bytes)) throw new Error('The body is not UTF-8.');
}

const hasBody = (request: Request): boolean =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;

function translated(error: unknown, limit: number): unknown {
  const { type } = error as { readonly type?: unknown };
  switch (type) {
    case 'entity.too.large':
      return payloadTooLarge(`The body is larger than ${limit} bytes.`, { cause: error });
    case 'entity.parse.failed':
      return malformedJson('The body is not JSON.', { cause: error });
    case 'entity.verify.failed':
      return malformedJson('The body is not UTF-8.', { cause: error });
    case 'charset.unsupported':
    case 'encoding.unsupported':
      return unsupportedMediaType('Send the body in UTF-8, uncompressed or as gzip, deflate or br.', { cause: error });
    case 'request.aborted':
    case 'request.size.invalid':
      return malformedJson('The body ended before its Content-Length.', { cause: error });
    default:
      return malformedJson('The body could not be read.', { cause: error });
  }
}
