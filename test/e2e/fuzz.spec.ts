import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv';
import fc from 'fast-check';
import { startApp, type SignedIn, type TestApp } from '../support/app.js';
import { textOf } from '../support/api.js';
import { operationsOf, type ApiOperation } from '../support/api-operations.js';
import { nearly } from '../support/hostile-values.js';
import { tenantWorld, type TenantWorld } from '../support/tenant-world.js';

/** Requests of each operation; `npm run fuzz` sends more. */
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 12);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261);
/** An answer that takes longer hangs. */
const PATIENCE_MS = 60_000;
/** Operations whose success takes the caller's own credentials away. */
const SELF_DESTRUCTIVE: ReadonlySet<string> = new Set([
  'POST /api/v1/auth/logout',
  'POST /api/v1/auth/change-password',
]);

/**
 * Requests made from the OpenAPI document, with hostile values in every place: whatever is sent, the answer is one that
 * the document names for the operation, follows its schema, is no failure of the server and comes in time.
 */
describe('requests that nobody meant', () => {
  let chatter: TestApp;
  let world: TenantWorld;
  let operations: readonly ApiOperation[];

  beforeAll(async () => {
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0', RUN_TIMEOUT_MS: '10000' });
    world = await tenantWorld(chatter);
    operations = operationsOf(chatter.app).filter(({ name }) => !SELF_DESTRUCTIVE.has(name));
  });

  afterAll(() => chatter.close());

  it(
    'get a documented answer',
    async () => {
      expect(operations.length).toBeGreaterThan(60);
      const faults: string[] = [];
      const counts = new Map<number, number>();
      for (const operation of operations) {
        const checks = checksOf(operation);
        const sent = fc.sample(requests(operation, world), { numRuns: REQUESTS, seed: SEED });
        for (const request of sent) {
          const { status, fault } = await outcomeOf(chatter.url, operation, request, world.people.owner, checks);
          counts.set(status, (counts.get(status) ?? 0) + 1);
          if (fault !== undefined)
            faults.push(`${operation.name}: ${fault}\n  ${JSON.stringify(request).slice(0, 500)}`);
        }
      }
      process.stdout.write(`fuzz: answers by status ${JSON.stringify(Object.fromEntries([...counts].sort()))}\n`);
      expect(faults).toEqual([]);
      expect(counts.get(200)).toBeGreaterThan(0);
      expect(counts.get(422)).toBeGreaterThan(0);
    },
    600_000 + REQUESTS * 60_000,
  );
});

interface FuzzRequest {
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly body: unknown;
  readonly ownWorkspace: boolean;
}

function requests({ path, parameters, body }: ApiOperation, world: TenantWorld): fc.Arbitrary<FuzzRequest> {
  const strange = fc.constantFrom('0', '%00', 'null', '..%2f..', '__proto__', '019a1b2c-3d4e-7f50-8a6b-7c8d9e0f1a2b');
  const paths = fc.oneof(
    { weight: 3, arbitrary: fc.constant(world.filled(path)) },
    { weight: 1, arbitrary: strange.map((value) => path.replace(/\{\w+\}/g, value)) },
  );
  const query = fc
    .subarray(parameters.filter((parameter) => parameter.in === 'query'))
    .chain((chosen) =>
      fc.tuple(...chosen.map(({ name, schema }) => nearly(schema).map((value) => [name, asText(value)] as const))),
    );
  return fc.record({
    path: paths,
    query,
    body: body ? nearly(body) : fc.constant(undefined),
    ownWorkspace: fc.boolean(),
  });
}

const asText = (value: unknown): string =>
  (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, 2_000);

type Checks = ReadonlyMap<number, ValidateFunction | null>;

function checksOf({ answers }: ApiOperation): Checks {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  return new Map([...answers].map(([status, schema]) => [status, schema && ajv.compile(schema as object)]));
}

async function outcomeOf(
  url: string,
  { method, isPublic, isEndless }: ApiOperation,
  { path, query, body, ownWorkspace }: FuzzRequest,
  as: SignedIn,
  checks: Checks,
): Promise<{ readonly status: number; readonly fault?: string }> {
  const search = new URLSearchParams(
    query.map(([name, value]): [string, string] => [name, value.toWellFormed()]),
  ).toString();
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${url}${path}${search && `?${search}`}`, {
      method,
      headers: {
        ...(isPublic ? {} : as.headers),
        ...(ownWorkspace ? {} : { 'X-Workspace-Id': as.user.personalWorkspaceId }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    text = await textOf(response, isEndless ? 200 : undefined);
  } catch (error) {
    return { status: 0, fault: `no answer: ${String(error)}` };
  }
  const { status } = response;
  if (status >= 500 && status !== 503) return { status, fault: `${status} ${text.slice(0, 300)}` };
  if (!checks.has(status)) return { status, fault: `undocumented ${status} ${text.slice(0, 200)}` };
  const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
  const check = checks.get(status);
  if (!isJson || !check || check(JSON.parse(text))) return { status };
  return { status, fault: `${status} does not follow its schema: ${JSON.stringify(check.errors).slice(0, 400)}` };
}
