import { Injectable, Param, type PipeTransform } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { notFound } from '../../platform/problem/http.errors.js';

/** Of PostgreSQL's `integer`. */
const MAX_VERSION = 2_147_483_647;

/** The number of a version in a path, which the global pipe has read as a number. What is none names nothing: 404. */
@Injectable()
class VersionPipe implements PipeTransform<number, number> {
  transform(value: number): number {
    if (!Number.isInteger(value) || value < 1 || value > MAX_VERSION)
      throw notFound('The workflow has no such version: versions are numbers from 1.');
    return value;
  }
}

export const VersionParam = (): ParameterDecorator => Param('version', VersionPipe);

export const ApiVersionParam = () =>
  ApiParam({ name: 'version', description: 'Number of the version.', schema: { type: 'integer', minimum: 1 } });
