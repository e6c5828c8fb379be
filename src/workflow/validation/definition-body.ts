import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { validationFailed } from '../../platform/problem/http.errors.js';
import type { FieldFault } from '../../platform/problem/problem.js';

/**
 * The `definition` of the body, as it was sent. The pipe of other bodies would refuse one that is too deep or too long
 * before the validator could say where. @throws Problem validation-failed when the body is not an object with only that
 */
export const DefinitionBody = createParamDecorator((_: unknown, context: ExecutionContext): unknown =>
  definitionOf(context.switchToHttp().getRequest<Request>().body),
);

export function definitionOf(body: unknown): unknown {
  if (body !== undefined && (typeof body !== 'object' || body === null || Array.isArray(body)))
    throw validationFailed([{ pointer: '', detail: 'must be an object' }]);
  const members = new Map(Object.entries(body ?? {}));
  const faults: FieldFault[] = [...members.keys()]
    .filter((name) => name !== 'definition')
    .slice(0, 20)
    .map((name) => ({ pointer: `/${name.slice(0, 200).toWellFormed()}`, detail: 'is not a known field' }));
  if (!members.has('definition')) faults.push({ pointer: '/definition', detail: 'must be given' });
  if (faults.length > 0) throw validationFailed(faults);
  return members.get('definition');
}
