import { Injectable, ValidationPipe, type ArgumentMetadata, type ValidationError } from '@nestjs/common';
import { notFound, validationFailed } from '../problem/http.errors.js';
import type { FieldFault } from '../problem/problem.js';
import { plainDataFaults } from './plain-data.js';

/**
 * Turns what a request brought into its DTO, or answers 422 with every fault at once. Unknown fields are faults. A path
 * that names what nothing is called answers 404.
 */
@Injectable()
export class RequestValidationPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      stopAtFirstError: true,
      validationError: { target: false, value: false },
      exceptionFactory: (errors) => validationFailed(faultsOf(errors)),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'custom') return value;
    const faults = plainDataFaults(value);
    if (faults.length > 0 && metadata.type === 'param') throw notFound('Nothing has such an address.');
    if (faults.length > 0) throw validationFailed(faults);
    const expected = metadata.type === 'body' && value === undefined ? {} : value;
    if (metadata.type === 'body' && (typeof expected !== 'object' || expected === null || Array.isArray(expected)))
      throw validationFailed([{ pointer: '', detail: 'must be an object' }]);
    return super.transform(expected, metadata);
  }
}

function faultsOf(errors: readonly ValidationError[], parent = ''): FieldFault[] {
  return errors.flatMap(({ property, constraints, children }) => {
    const pointer = `${parent}/${property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const own = Object.entries(constraints ?? {}).map(([rule, message]) => ({
      pointer,
      detail: rule === 'whitelistValidation' ? 'is not a known field' : message,
    }));
    return [...own, ...faultsOf(children ?? [], pointer)];
  });
}
