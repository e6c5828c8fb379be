import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { withExamples } from './openapi-examples.js';
import { runEventSchema } from './workflow/run/event-stream.dto.js';

const TAGS = {
  Health: 'Probes.',
  Problems: 'Pages that explain what a failed request answers.',
  Auth: 'Accounts and tokens.',
  'API keys': 'Keys of a user, for programs.',
  Workspaces: 'Workspaces and their members.',
  Secrets: 'What a workspace keeps secret, for certain hosts. Values are never answered.',
  Conversations: 'Conversations.',
  Messages: 'The messages of a conversation.',
  Chat: 'A turn of a conversation, as JSON or as a stream.',
  Runs: 'What every turn and workflow execution leaves: its state and its event log.',
  Workflows: 'Stored workflows: drafts, versions, and what their names run.',
  Approvals: 'What people decide while runs wait for them.',
  Templates: 'Ready-made workflows with parameters: built in, and a workspace’s own.',
  Tools: 'What models and workflows may call: who may use which, and calls by hand.',
  Tickets: 'Tickets that tools open and people work on.',
  Memories: 'What is remembered of a person, beyond a conversation.',
  MCP: 'Servers whose tools are used here, by the Model Context Protocol.',
  Events: 'What happens in a workspace, live.',
  Performance: 'How runs and tools performed.',
  Audit: 'What was done by whom, in a chain that can be verified.',
  Knowledge: 'Collections of documents, how each is processed, their passages, and search.',
  Usage: 'What was used, and budgets that bound it.',
  Cache: 'Answers that are kept for a while.',
  Models: 'Models and their providers.',
};

const BEARER = 'An access token (JWT) or an API key (ck_...).';

/** The OpenAPI 3.1 document, built from the decorated controllers and DTOs. */
export function apiDocument(app: INestApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Chatter')
    .setDescription('Self-hosted backend for chat and LLM workflows: durable runs, live streams, honest figures.')
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: BEARER }, 'bearer')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key (ck_...).' }, 'apiKey');
  for (const [name, description] of Object.entries(TAGS)) builder.addTag(name, description);
  const document = SwaggerModule.createDocument(app, builder.build());
  const schemas = closed({ ...document.components?.schemas, RunEvent: runEventSchema }, document);
  return { ...document, paths: completed(document, schemas), components: { ...document.components, schemas } };
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Makes the request safe to repeat for 24 hours: the same key and body give the same answer, or the same run.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

/**
 * What follows from the kind of an operation: ids in the path, no credentials for public ones, keys for those that cause,
 * examples of bodies.
 */
function completed({ paths }: OpenAPIObject, schemas: Schemas): OpenAPIObject['paths'] {
  for (const path of Object.values(paths)) {
    for (const method of METHODS) {
      const operation = path[method];
      if (!operation) continue;
      operation.security ??= [];
      const parameters = (operation.parameters ?? []).map(withIdFormat);
      const isRepeatable = method === 'post' && operation.security.length > 0;
      operation.parameters = isRepeatable ? [...parameters, IDEMPOTENCY_KEY as Parameter] : parameters;
      path[method] = withExamples(operation, schemas);
    }
  }
  return paths;
}

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

/** Request bodies take no other members than theirs. */
function closed(schemas: Schemas, { paths }: OpenAPIObject): Schemas {
  const names = new Set<string>();
  const collect = (text: string): void => {
    for (const [, name = ''] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) {
      if (names.has(name)) continue;
      names.add(name);
      collect(JSON.stringify(schemas[name] ?? {}));
    }
  };
  for (const path of Object.values(paths))
    for (const method of METHODS) collect(JSON.stringify(path[method]?.requestBody ?? {}));
  const close = ([name, schema]: [string, Schemas[string]]): [string, Schemas[string]] =>
    names.has(name) ? [name, { ...schema, additionalProperties: false }] : [name, schema];
  return Object.fromEntries(Object.entries(schemas).map(close));
}

type Parameter = NonNullable<NonNullable<OpenAPIObject['paths'][string]['get']>['parameters']>[number];

function withIdFormat(parameter: Parameter): Parameter {
  if (!('in' in parameter) || parameter.in !== 'path' || !/id$/i.test(parameter.name)) return parameter;
  return { ...parameter, schema: { type: 'string', format: 'uuid' } };
}

/** Serves the document at /openapi.json and Swagger UI at /docs; builds it when first asked. */
export function serveDocument(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => apiDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    customSiteTitle: 'Chatter API',
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true },
  });
}
