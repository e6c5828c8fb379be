import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { apiDocument } from '../../src/openapi.js';
import { PUBLIC, REQUIRED_ACCESS, type RequiredAccess } from '../../src/platform/http/access.js';
import { ROLES } from '../../src/platform/http/principal.js';
import { SCOPE } from '../../src/security/permission/scope.js';
import { startApp, type TestApp } from '../support/app.js';

/** Every route that answers without authentication. A new one is a decision, taken here. */
const PUBLIC_ROUTES = [
  'GET healthz',
  'GET livez',
  'GET metrics',
  'GET problems',
  'GET problems/:slug',
  'GET readyz',
  'POST auth/login',
  'POST auth/refresh',
  'POST auth/register',
];

interface Route {
  readonly name: string;
  readonly isPublic: boolean;
  readonly access: RequiredAccess | undefined;
}

describe('access to the API', () => {
  let chatter: TestApp;

  beforeAll(async () => {
    chatter = await startApp();
  });

  afterAll(() => chatter.close());

  function routes(): readonly Route[] {
    const scanner = new MetadataScanner();
    const controllers = chatter.app.get(DiscoveryService, { strict: false }).getControllers();
    return controllers.flatMap(({ metatype }) => {
      const prototype = (metatype as { prototype: Record<string, object> }).prototype;
      return scanner.getAllMethodNames(prototype).flatMap((name) => {
        const handler = prototype[name]!;
        const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
        if (method === undefined) return [];
        const path = [metatype!, handler].map((target) =>
          String(Reflect.getMetadata(PATH_METADATA, target)).replace(/^\/+/, ''),
        );
        return {
          name: `${RequestMethod[method]} ${path.filter(Boolean).join('/')}`,
          isPublic: Reflect.hasMetadata(PUBLIC, handler),
          access: Reflect.getMetadata(REQUIRED_ACCESS, handler) as RequiredAccess | undefined,
        };
      });
    });
  }

  it('is open on exactly the routes listed here', () => {
    const open = routes().filter(({ isPublic }) => isPublic);
    expect(open.map(({ name }) => name).sort()).toEqual(PUBLIC_ROUTES);
  });

  it('is ruled on every other route by a role and a scope that exist', () => {
    const guarded = routes().filter(({ isPublic }) => !isPublic);
    expect(guarded.length).toBeGreaterThan(10);
    for (const { name, access } of guarded) {
      expect([name, access]).toEqual([name, { role: expect.any(String), scope: expect.stringMatching(SCOPE) }]);
      expect(ROLES).toContain(access?.role);
    }
    expect(routes().filter(({ isPublic, access }) => isPublic && access)).toEqual([]);
  });

  it('asks for authentication on every documented operation that is not public, whatever is sent', async () => {
    const operations = Object.entries(apiDocument(chatter.app).paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    );
    const guarded = operations.filter(({ operation }) => operation.security?.length > 0);
    expect(operations.length - guarded.length).toBe(PUBLIC_ROUTES.length);
    for (const { method, path } of guarded) {
      const url = `${chatter.url}${path.replace(/\{\w+\}/g, '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b')}`;
      const answer = await fetch(url, {
        method,
        headers: { 'X-Workspace-Id': '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b' },
      });
      expect([method, path, answer.status]).toEqual([method, path, 401]);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="chatter"');
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      await answer.body?.cancel();
    }
  });

  it('documents, for every guarded operation, how to authenticate and how it may be refused', () => {
    for (const [path, item] of Object.entries(apiDocument(chatter.app).paths)) {
      for (const [method, operation] of Object.entries(item)) {
        if (!operation.security?.length) continue;
        expect([path, method, operation.security]).toEqual([
          path,
          method,
          expect.arrayContaining([{ bearer: [] }, { apiKey: [] }]),
        ]);
        expect([path, method, Object.keys(operation.responses)]).toEqual([
          path,
          method,
          expect.arrayContaining(['401', '403', '404', '429', '500', '503']),
        ]);
        if (operation.requestBody)
          expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(['400', '413', '415', '422']));
        expect(operation.summary).toMatch(/\w/);
        expect(operation.responses['401'].content['application/problem+json'].schema).toEqual({
          $ref: '#/components/schemas/ProblemDto',
        });
      }
    }
  });
});
