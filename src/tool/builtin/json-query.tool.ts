import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { isTooDeep, MAX_DEPTH } from '../../platform/schema/json-depth.js';
import { Tool, type ToolExecutor } from '../tool.js';
import { jsonQueryInvalid } from './json-query/json-query.errors.js';
import { answer, JsonQuery, type JsonAnswer } from './json-query/json-query.js';

const Arguments = JsonQuery.extend({
  data: z.unknown().describe('The data: a JSON value, or its text.'),
});
type Arguments = z.output<typeof Arguments>;

/** Longest data that is given as text. */
const MAX_TEXT = 1_000_000;

@Injectable()
@Tool({
  name: 'jsonQuery',
  title: 'Query over JSON',
  description:
    'Filters, groups, counts, sums, averages and sorts rows of JSON data. Use it for every figure about data instead of counting yourself.',
  arguments: Arguments,
  risk: 'low',
  effect: 'read',
})
export class JsonQueryTool implements ToolExecutor<Arguments> {
  /** @throws Problem json-query-invalid, calculation-impossible */
  async call({ data, ...query }: Arguments): Promise<JsonAnswer> {
    return answer(readData(data), query);
  }
}

function readData(data: unknown): unknown {
  const value = typeof data === 'string' ? parsed(data) : data;
  if (value === undefined) throw jsonQueryInvalid('There is no data. Give it as "data".');
  if (isTooDeep(value)) throw jsonQueryInvalid(`The data is nested deeper than ${MAX_DEPTH}.`);
  return value;
}

function parsed(text: string): unknown {
  if (text.length > MAX_TEXT) throw jsonQueryInvalid(`The data is longer than ${MAX_TEXT} characters.`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw jsonQueryInvalid('The data is a text that is no JSON.', { cause: error });
  }
}
