import { executed, type Drawing } from '../../../test/support/graph-drawing.js';

const PATH = ['each', '7'];
const GIVEN = { input: { n: 3 }, variables: { kept: true }, messages: [{ role: 'user', content: 'Hello' }] } as const;

const DRAWINGS: Readonly<Record<string, Drawing>> = {
  'one node': { nodes: { a: ['act', { x: '{{input.n}}' }] } },
  'a line of pure nodes and one with an effect': {
    nodes: { a: ['set', { x: 1 }], b: ['set', { y: '{{x}}' }], c: ['act', { z: '{{nodes.b.output.y}}' }] },
    edges: [
      ['a', 'b'],
      ['b', 'c'],
    ],
    output: { z: '{{z}}', kept: '{{kept}}' },
  },
  'branches that meet': {
    nodes: { a: ['act', { x: 1 }], b: ['act', { y: 2 }], both: ['join'] },
    edges: [
      ['a', 'both'],
      ['b', 'both'],
    ],
  },
  'an end': { nodes: { a: ['set', { x: 1 }], over: ['end', { output: 'over' }] }, edges: [['a', 'over']] },
  'a failure': { nodes: { a: ['set', { x: 1 }], b: ['fail', { detail: 'no' }] }, edges: [['a', 'b']] },
};

/** What a graph comes to and tells, its paths below `path`. */
async function ran(drawing: Drawing, path: readonly string[]) {
  const { host, outcome } = executed(drawing, { ...GIVEN, path });
  const ending = await outcome.catch((error: Error) => error.message);
  const told = host.events.map(({ path: at, kind }) => `${kind} ${at.slice(path.length).join('/')}`);
  return { ending, told, work: [host.work, host.leastWork] };
}

describe('a graph inside a node', () => {
  it.each(Object.entries(DRAWINGS))('comes to what it comes to by itself: %s', async (_, drawing) => {
    expect(await ran(drawing, PATH)).toEqual(await ran(drawing, []));
  });
});
