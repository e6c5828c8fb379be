import type { ArgumentMetadata } from '@nestjs/common';
import fc from 'fast-check';
import { Problem, type FieldFault } from '../problem/problem.js';
import { Email, Int, JsonObject, Nested, Text, TextList } from './fields.js';
import { RequestValidationPipe } from './validation.pipe.js';

const description = 'A field.';

class AddressDto {
  @Text({ description, min: 1, max: 10 })
  readonly street!: string;

  @Int({ description, min: 1, optional: true })
  readonly number?: number;
}

class OrderDto {
  @Email({ description })
  readonly email!: string;

  @Nested(() => AddressDto, { description })
  readonly address!: AddressDto;

  @TextList({ description, maxItems: 3, maxLength: 5, optional: true })
  readonly tags?: readonly string[];

  @JsonObject({ description, optional: true })
  readonly extra?: Readonly<Record<string, unknown>>;

  @Int({ description, optional: true })
  readonly amount: number = 1;
}

const ORDER = { email: 'ada@example.com', address: { street: 'Main' } };

describe('the validation of what a request brings', () => {
  const pipe = new RequestValidationPipe();
  const read = (body: unknown, metadata: Partial<ArgumentMetadata> = {}): Promise<unknown> =>
    pipe.transform(body, { type: 'body', metatype: OrderDto, ...metadata });
  const faultsOf = async (body: unknown): Promise<readonly FieldFault[]> => {
    try {
      await read(body);
    } catch (error) {
      if (error instanceof Problem && error.status === 422) return error.extensions.errors as readonly FieldFault[];
      throw error;
    }
    return [];
  };

  it('makes the DTO, with nested ones and defaults', async () => {
    const order = await read({ ...ORDER, tags: ['a'], extra: { toString: 1, constructed: true } });
    expect(order).toBeInstanceOf(OrderDto);
    expect((order as OrderDto).address).toBeInstanceOf(AddressDto);
    expect(order).toEqual({ ...ORDER, tags: ['a'], extra: { toString: 1, constructed: true }, amount: 1 });
  });

  it('tells every fault at once, each with its pointer', async () => {
    const faults = await faultsOf({ email: 'ada', address: { street: '', number: 0 }, tags: 'a', amount: 1.5 });
    expect(faults).toHaveLength(5);
    expect(faults).toEqual(
      expect.arrayContaining([
        { pointer: '/email', detail: 'must be an e-mail address' },
        { pointer: '/address/street', detail: expect.any(String) },
        { pointer: '/address/number', detail: 'must be at least 1' },
        { pointer: '/tags', detail: expect.any(String) },
        { pointer: '/amount', detail: 'must be a whole number' },
      ]),
    );
  });

  it('names what is missing', async () => {
    expect((await faultsOf({})).map(({ pointer }) => pointer).toSorted()).toEqual(['/address', '/email']);
    expect((await faultsOf(undefined)).map(({ pointer }) => pointer).toSorted()).toEqual(['/address', '/email']);
  });

  it.each([
    ['a field', { more: 1 }, '/more'],
    ['a nested field', { address: { street: 'Main', more: 1 } }, '/address/more'],
    ['a field whose name a pointer escapes', { 'a/b~c': 1 }, '/a~1b~0c'],
    ['a field that would make it a promise', JSON.parse('{"then":1}'), '/then'],
  ])('does not know %s', async (_, more, pointer) => {
    expect(await faultsOf({ ...ORDER, ...more })).toEqual([{ pointer, detail: 'is not a known field' }]);
  });

  it('refuses names that reach the prototype', async () => {
    expect(await faultsOf(JSON.parse('{"email":"ada@example.com","address":{"__proto__":{"street":"Main"}}}'))).toEqual(
      [{ pointer: '/address/__proto__', detail: 'is not an acceptable name' }],
    );
    expect(await faultsOf({ ...ORDER, extra: { constructor: 'x' } })).toEqual([
      { pointer: '/extra/constructor', detail: 'is not an acceptable name' },
    ]);
  });

  it.each([[[]], [[ORDER]], ['text'], [7], [null]])('refuses a body that is no object: %j', async (body) => {
    expect(await faultsOf(body)).toEqual([{ pointer: '', detail: 'must be an object' }]);
  });

  it('takes only a known object for a nested DTO', async () => {
    for (const address of ['Main', 7, null, [], [{ street: 'Main' }], true]) {
      expect([address, await faultsOf({ ...ORDER, address })]).toEqual([
        address,
        [{ pointer: '/address', detail: 'must be an object' }],
      ]);
    }
  });

  it('leaves what custom decorators made alone', async () => {
    const caller = { userId: 'x\0' };
    expect(await read(caller, { type: 'custom', metatype: Object })).toBe(caller);
  });

  it('answers a path with NUL as one that names nothing', async () => {
    await expect(read('a\0', { type: 'param', metatype: String })).rejects.toMatchObject({ status: 404 });
  });

  it('answers any JSON with a DTO or a 422', async () => {
    const field = fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>('ada@example.com', { street: 'Main' }, ['a']));
    const body = fc.oneof(
      fc.jsonValue(),
      fc.record({ email: field, address: field, tags: field, extra: field, amount: field }, { requiredKeys: [] }),
    );
    await fc.assert(
      fc.asyncProperty(body, async (value) => {
        for (const { pointer, detail } of await faultsOf(value)) {
          expect(pointer).toMatch(/^(\/|$)/);
          expect(detail).not.toBe('');
        }
      }),
    );
  });

  it.each([
    ['unknown fields', members(100_000, () => 0)],
    ['unknown fields within the bound', members(1_000, () => members(100, () => 0))],
    ['members of a nested DTO', { ...ORDER, address: members(100_000, () => 0) }],
    ['members of free JSON', { ...ORDER, extra: members(900, () => members(100, () => 0)) }],
    ['tags', { ...ORDER, tags: Array.from({ length: 1_000 }, () => 'x'.repeat(900)) }],
    ['characters of a field', { ...ORDER, email: `${'a@'.repeat(500_000)}example.com` }],
    ['characters of a name', { ...ORDER, ['~/'.repeat(500_000)]: 1 }],
  ])('is done with a megabyte of %s without blocking', async (_, body) => {
    const startedAt = performance.now();
    await faultsOf(body);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });
});

function members(count: number, valueOf: () => unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, valueOf()]));
}
