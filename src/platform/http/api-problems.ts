import { applyDecorators } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import {
  ApiExtraModels,
  ApiHeader,
  ApiProperty,
  ApiPropertyOptional,
  ApiResponse,
  ApiSecurity,
  getSchemaPath,
} from '@nestjs/swagger';
import * as http from '../problem/http.errors.js';
import type { ProblemMaker, ProblemType } from '../problem/problem.js';

class FieldFaultDto {
  @ApiProperty({ description: 'JSON pointer into the request; empty for the whole of it.', example: '/email' })
  readonly pointer!: string;

  @ApiProperty({ example: 'must be an e-mail address' })
  readonly detail!: string;
}

/** The body of every failed request (RFC 9457), `application/problem+json`. */
export class ProblemDto {
  @ApiProperty({
    description: 'The page that explains this kind of problem.',
    format: 'uri-reference',
    example: '/problems/not-found',
  })
  readonly type!: string;

  @ApiProperty({ example: 'Not found' })
  readonly title!: string;

  @ApiProperty({ type: 'integer', example: 404 })
  readonly status!: number;

  @ApiProperty({
    description: 'What is wrong here, and the remedy.',
    example: 'Nothing with this id exists in the workspace.',
  })
  readonly detail!: string;

  @ApiPropertyOptional({ description: 'What was asked for.', format: 'uri-reference', example: '/api/v1/workspaces' })
  readonly instance?: string;

  @ApiPropertyOptional({ description: 'Finds the request in the logs.', example: '4bf92f3577b34da6a3ce929d0e0e4736' })
  readonly traceId?: string;

  @ApiPropertyOptional({ type: FieldFaultDto, isArray: true, description: 'Every fault of the request at once.' })
  readonly errors?: readonly FieldFaultDto[];
}

const BY_STATUS = new Map<number, ProblemType>([
  ...[http.badRequest, http.unauthenticated, http.forbidden, http.notFound, http.conflict, http.preconditionFailed].map(
    entryOf,
  ),
  ...[http.payloadTooLarge, http.unsupportedMediaType, http.tooManyRequests, http.internal, http.unavailable].map(
    entryOf,
  ),
  [422, http.validationFailed([]).type],
]);

function entryOf({ type }: ProblemMaker): [number, ProblemType] {
  return [type.status, type];
}

/**
 * Documents the problems particular to a route: a status for its usual kind, or the kind itself. What every route of
 * its sort may answer is already there by `@Access` and `@Public`.
 */
export function ApiProblems(...problems: readonly (number | ProblemMaker)[]): MethodDecorator & ClassDecorator {
  const responses = Map.groupBy(problems.map(typeOf), ({ status }) => status);
  return applyDecorators(
    ApiExtraModels(ProblemDto),
    ...[...responses].map(([status, types]) => responseOf(status, types)),
  );
}

/** What every authenticated route documents: credentials, the workspace header and the refusals that come with them. */
export const ApiAuthenticated = (): MethodDecorator & ClassDecorator =>
  applyDecorators(
    ApiSecurity('bearer'),
    ApiSecurity('apiKey'),
    ApiHeader({
      name: 'X-Workspace-Id',
      required: false,
      description: "The workspace to act in; the caller's personal one by default.",
      schema: { type: 'string', format: 'uuid' },
    }),
    ApiProblems(401, 403, 404, 429, 503),
    ApiInputProblems(),
  );

/** 500 for every route, 422 where it reads a query or body, and what a body can be refused for before it is read. */
export const ApiInputProblems =
  (): MethodDecorator & ClassDecorator => (target: object, name?: string | symbol, descriptor?: object) => {
    const inputs = name === undefined ? [] : inputsOf(target, name);
    const problems = [
      500,
      ...(inputs.includes(RouteParamtypes.BODY) ? [http.malformedJson, 413, 415] : []),
      ...(inputs.length > 0 ? [422] : []),
    ];
    (ApiProblems(...problems) as (...decorated: unknown[]) => void)(target, name, descriptor);
  };

/** Parameters are decorated before their method, so the route's inputs are known by now. */
function inputsOf(target: object, name: string | symbol): readonly number[] {
  const parameters = (Reflect.getMetadata(ROUTE_ARGS_METADATA, target.constructor, name) ?? {}) as Readonly<
    Record<string, unknown>
  >;
  // A decorator of our own is known by a random name, which may begin with any digit.
  return Object.keys(parameters)
    .filter((key) => /^\d+:\d+$/.test(key))
    .map((key) => Number.parseInt(key, 10))
    .filter((type) => type === RouteParamtypes.BODY || type === RouteParamtypes.QUERY);
}

function typeOf(problem: number | ProblemMaker): ProblemType {
  const type = typeof problem === 'number' ? BY_STATUS.get(problem) : problem.type;
  if (!type) throw new Error(`No kind of problem is usual for status ${String(problem)}; name the kind.`);
  return type;
}

function responseOf(status: number, types: readonly ProblemType[]): MethodDecorator & ClassDecorator {
  return ApiResponse({
    status,
    description: types.map(({ slug, explanation }) => `\`${slug}\`: ${explanation}`).join('\n\n'),
    content: {
      'application/problem+json': {
        schema: { $ref: getSchemaPath(ProblemDto) },
        examples: Object.fromEntries(types.map((type) => [type.slug, { value: exampleOf(type) }])),
      },
    },
  });
}

const exampleOf = ({ slug, title, status, explanation }: ProblemType) => ({
  type: `/problems/${slug}`,
  title,
  status,
  detail: explanation,
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
});
