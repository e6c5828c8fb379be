import { Injectable, Param, type PipeTransform } from '@nestjs/common';
import { isId } from '../clock/id.js';
import { notFound } from '../problem/http.errors.js';

/** A path id. What is no id names nothing: 404, like an id of another workspace. */
@Injectable()
class IdPipe implements PipeTransform<string, string> {
  transform(value: string): string {
    if (!isId(value)) throw notFound('Nothing with this id exists in the workspace.');
    return value.toLowerCase();
  }
}

export const IdParam = (name = 'id'): ParameterDecorator => Param(name, IdPipe);
