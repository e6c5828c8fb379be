/** A workflow that is run as a whole, with one answer: `POST /runs` with the definition. */
export interface WorkflowJob {
  readonly name: string;
  /** For the reader of the table. */
  readonly title: string;
  readonly definition: Definition;
  readonly input: Readonly<Record<string, unknown>>;
  /** The output of a right run. */
  readonly output: unknown;
  /** Nodes that one run goes through. */
  readonly steps: number;
  /** Whether a plain state graph does the same: a straight line of nodes. */
  readonly isLine: boolean;
}

export interface Definition {
  readonly kind: 'graph';
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
  readonly output: unknown;
}

interface Node {
  readonly id: string;
  readonly type: string;
  readonly config: Readonly<Record<string, unknown>>;
}

interface Edge {
  readonly from: string;
  readonly to: string;
}

const LINE = 10;
/** With their join as many nodes as a definition may hold. */
const BRANCHES = 99;
const ITEMS = 1_000;
const MODEL = { model: 'scripted:default', prompt: '[[tokens=1]][[slow=0]] Say it.' };
const DONE = 'done';

/** Ten steps that only compute; each adds a character to what the one before has left. */
export const pureSteps = line('pure', `${LINE} pure steps (set, prompt)`, 'x'.repeat(LINE), (index) => {
  const text = index === 0 ? 'x' : '{{variables.text}}x';
  return index % 2 === 0
    ? { type: 'set', config: { values: { text } } }
    : { type: 'prompt', config: { template: text, output: 'text' } };
});

/** Ten steps whose ends are made durable one by one, and which do nothing else: a delay of no time. */
export const durableSteps = line('durable', `${LINE} durable steps (delay of 0 ms)`, DONE, () => ({
  type: 'delay',
  config: { ms: 0 },
}));

/** Ten calls of the scripted model with an answer of one token. */
export const modelSteps = line('models', `${LINE} scripted model calls of one token`, DONE, () => ({
  type: 'model',
  config: MODEL,
}));

/** The same calls at temperature 0: from the second run on each is answered from the cache. */
export const cachedSteps: WorkflowJob = {
  ...line('cached', `${LINE} model calls of one token at temperature 0, answered from the cache`, DONE, () => ({
    type: 'model',
    config: { ...MODEL, temperature: 0 },
  })),
  isLine: false,
};

const branchIds = Array.from({ length: BRANCHES }, (_, index) => `b${index}`);

export const parallelBranches: WorkflowJob = {
  name: 'branches',
  title: `${BRANCHES} branches at once and their join`,
  definition: {
    kind: 'graph',
    nodes: [
      ...branchIds.map((id) => ({ id, type: 'delay', config: { ms: 0 } })),
      { id: 'all', type: 'join', config: {} },
    ],
    edges: branchIds.map((from) => ({ from, to: 'all' })),
    output: `{{nodes.all.output.b${BRANCHES - 1}.status}}`,
  },
  input: {},
  output: 'succeeded',
  steps: BRANCHES + 1,
  isLine: false,
};

export const mapItems: WorkflowJob = {
  name: 'map',
  title: `a map of ${ITEMS} items, a scripted model call each, 16 at once`,
  definition: {
    kind: 'graph',
    nodes: [
      {
        id: 'each',
        type: 'map',
        config: {
          items: '{{input.items}}',
          maxConcurrency: 16,
          body: { kind: 'graph', nodes: [{ id: 'say', type: 'model', config: MODEL }], edges: [], output: '{{item}}' },
        },
      },
    ],
    edges: [],
    output: `{{variables.results.${ITEMS - 1}.output}}`,
  },
  input: { items: Array.from({ length: ITEMS }, (_, index) => index) },
  output: ITEMS - 1,
  steps: ITEMS + 1,
  isLine: false,
};

export const firstOfTwo: WorkflowJob = {
  name: 'any',
  title: 'a join of the first of two branches, 100 ms and 10 s',
  definition: {
    kind: 'graph',
    nodes: [
      { id: 'quick', type: 'delay', config: { ms: 100 } },
      { id: 'slow', type: 'delay', config: { ms: 10_000 } },
      { id: 'first', type: 'join', config: { wait: 'any' } },
    ],
    edges: [
      { from: 'quick', to: 'first' },
      { from: 'slow', to: 'first' },
    ],
    output: '{{nodes.first.output.slow.status}}',
  },
  input: {},
  output: 'cancelled',
  steps: 3,
  isLine: false,
};

function line(
  name: string,
  title: string,
  output: string,
  nodeAt: (index: number) => Pick<Node, 'type' | 'config'>,
): WorkflowJob {
  const nodes = Array.from({ length: LINE }, (_, index) => ({ id: `s${index}`, ...nodeAt(index) }));
  const edges = nodes.slice(1).map(({ id }, index) => ({ from: `s${index}`, to: id }));
  const given = output === DONE ? output : '{{variables.text}}';
  return {
    name,
    title,
    definition: { kind: 'graph', nodes, edges, output: given },
    input: {},
    output,
    steps: LINE,
    isLine: true,
  };
}
