import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

/** The versions a change may start from, as `If-Match` lists them; undefined when it may start from any. */
export type ExpectedVersions = readonly number[] | undefined;

/** The entity tag of a version. */
export const etagOf = (version: number): string => `"${version}"`;

/** The versions of an `If-Match` header. A tag that is none of ours matches no version; weak tags count as strong ones. */
export function expectedVersions(header: string | undefined): ExpectedVersions {
  if (header === undefined || header.trim() === '*') return undefined;
  return [...header.matchAll(/"(\d{1,9})"/g)].map(([, version]) => Number(version));
}

/** What the request's `If-Match` asks for. */
export const IfMatch = createParamDecorator((_: unknown, context: ExecutionContext): ExpectedVersions =>
  expectedVersions(context.switchToHttp().getRequest<Request>().headers['if-match']),
);
