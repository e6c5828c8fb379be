import { nodeWorld } from '../support/node-world.js';
import { describeNodeType } from './node-type.contract.js';

// Before any test is declared: which types there are is known only then.
const world = await nodeWorld();

afterAll(() => world.close());

describe('node types', () => {
  it('are registered', () => {
    expect(world.types.map(({ type }) => type)).toEqual(expect.arrayContaining(['model', 'switch']));
  });
});

for (const type of world.types.filter(({ internal }) => !internal)) describeNodeType(type, world);
