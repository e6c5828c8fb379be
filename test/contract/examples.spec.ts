import { Ajv2020 } from 'ajv/dist/2020.js';
import { createApplication } from '../../src/application.js';
import { apiDocument } from '../../src/openapi.js';

interface Media {
  readonly schema: object;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

interface Body {
  readonly content?: Readonly<Record<string, Media>>;
}

interface Operation {
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Body>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: object;
}

describe('the examples of the OpenAPI document', () => {
  let document: Document;

  beforeAll(async () => {
    const app = await createApplication({ LOG_LEVEL: 'silent' }, { preview: true });
    document = JSON.parse(JSON.stringify(apiDocument(app))) as Document;
  });

  /** Every JSON body, by the place it has. */
  const bodies = (): readonly (readonly [string, Media])[] =>
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, { requestBody, responses }]) => {
        const all = { request: requestBody, ...responses };
        return Object.entries(all).flatMap(([what, body]) => {
          const media = body?.content?.['application/json'];
          return media ? [[`${method.toUpperCase()} ${path} ${what}`, media] as const] : [];
        });
      }),
    );

  const examplesOf = ({ example, examples }: Media): readonly unknown[] => [
    ...(example === undefined ? [] : [example]),
    ...Object.values(examples ?? {}).map(({ value }) => value),
  ];

  it('stand beside every JSON body, of requests and of answers', () => {
    expect(bodies().length).toBeGreaterThan(150);
    expect(bodies().filter(([, media]) => examplesOf(media).length === 0)).toEqual([]);
  });

  it('are what their schemas take', () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
    ajv.addSchema({ $id: 'api', components: document.components });
    const faults = bodies().flatMap(([where, media]) => {
      const schema = JSON.parse(JSON.stringify(media.schema).replaceAll('"#/', '"api#/')) as object;
      const fits = ajv.compile(schema);
      return examplesOf(media).flatMap((example) => (fits(example) ? [] : [[where, ajv.errorsText(fits.errors)]]));
    });
    expect(faults).toEqual([]);
  });

  it('are no more of a request than it needs, where it needs something', () => {
    expect(document.paths['/api/v1/chat']?.post?.requestBody?.content?.['application/json']?.example).toEqual({
      message: 'Hello! What can you do?',
    });
  });
});
