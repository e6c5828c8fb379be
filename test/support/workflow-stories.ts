/** Workflows that between them use everything a run can be interrupted in; `input.tag` is in all they ask. */
export interface Story {
  readonly name: string;
  readonly definition: object;
  readonly input?: object;
}

const edges = (...pairs: readonly string[]) =>
  pairs.map((pair) => {
    const [from, to, port] = pair.split(/[>:]/);
    return { from, to, ...(port !== undefined && { port }) };
  });
export const ask = (id: string, prompt: string) => ({
  id,
  type: 'model',
  config: { prompt: `{{input.tag}} ${prompt}`, output: id },
});
const set = (id: string, values: object) => ({ id, type: 'set', config: { values } });
export const graph = (nodes: readonly object[], pairs: readonly string[] = [], output?: object) => ({
  kind: 'graph',
  nodes,
  edges: edges(...pairs),
  ...(output && { output }),
});

export function storiesOf(upstream: string): readonly Story[] {
  const send = (id: string, path: string) => ({
    id,
    type: 'http',
    config: { method: 'POST', url: `${upstream}/{{input.tag}}/${path}`, body: { text: '{{input.tag}}' }, output: id },
  });
  const twoSteps = graph([ask('one', 'one'), ask('two', 'two {{one}}')], ['one>two'], { text: '{{two}}' });
  return [
    {
      name: 'sequence',
      definition: graph(
        [ask('draft', 'draft'), set('note', { noted: '{{draft}}!' }), ask('polish', 'polish {{noted}}')],
        ['draft>note', 'note>polish'],
      ),
    },
    {
      name: 'fan-out',
      definition: graph(
        [
          ask('plan', 'plan'),
          ask('a', 'a {{plan}}'),
          ask('b', 'b {{plan}}'),
          ask('b2', 'b2 {{b}}'),
          send('c', 'c'),
          { id: 'all', type: 'join', config: {} },
          ask('sum', 'sum {{a}} {{b2}} {{c.status}}'),
        ],
        ['plan>a', 'plan>b', 'plan>c', 'b>b2', 'a>all', 'b2>all', 'c>all', 'all>sum'],
        { a: '{{a}}', b: '{{b}}', b2: '{{b2}}', c: '{{c.body}}', sum: '{{sum}}' },
      ),
    },
    {
      name: 'first of several',
      definition: graph(
        [
          set('quick', { winner: 'quick' }),
          {
            id: 'slow',
            type: 'composite',
            config: { strategy: 'parallel', workflows: [{ id: 'child', definition: twoSteps }] },
          },
          { id: 'any', type: 'join', config: { wait: 'any' } },
          ask('after', 'after {{winner}}'),
          ask('last', 'last {{after}}'),
        ],
        ['quick>any', 'slow>any', 'any>after', 'after>last'],
        { winner: '{{winner}}', last: '{{last}}' },
      ),
    },
    {
      name: 'map',
      definition: graph([
        {
          id: 'each',
          type: 'map',
          config: {
            items: ['p', 'q', 'r', 's', 't'],
            maxConcurrency: 2,
            body: graph([ask('do', 'do {{item}}'), ask('check', 'check {{index}} {{do}}')], ['do>check'], {
              is: '{{check}}',
            }),
          },
        },
      ]),
    },
    {
      name: 'loop',
      definition: graph([
        {
          id: 'again',
          type: 'loop',
          config: {
            body: graph([ask('pass', 'pass {{index}}'), send('tell', 'pass-{{index}}')], ['pass>tell'], {
              is: '{{pass}}',
            }),
            until: { never: true },
            maxIterations: 4,
          },
        },
      ]),
    },
    {
      name: 'nested composite',
      definition: {
        kind: 'composite',
        strategy: 'sequential',
        workflows: [
          { id: 'first', definition: graph([ask('f', 'first')]) },
          {
            id: 'both',
            definition: {
              kind: 'composite',
              strategy: 'parallel',
              workflows: [
                { id: 'left', definition: graph([ask('l', 'left'), ask('l2', 'left2 {{l}}')], ['l>l2']) },
                {
                  id: 'right',
                  definition: graph([send('r', 'right'), ask('r2', 'right {{r.status}}')], ['r>r2'], { r: '{{r2}}' }),
                },
                {
                  id: 'broken',
                  definition: graph(
                    [ask('x', 'x'), { id: 'no', type: 'fail', config: { code: 'no', detail: 'No.' } }],
                    ['x>no'],
                  ),
                },
              ],
            },
          },
        ],
      },
    },
    {
      name: 'conditional',
      definition: {
        kind: 'conditional',
        branches: [{ id: 'hard', when: { level: { min: 5 } }, definition: twoSteps }],
        default: { definition: graph([ask('easy', 'easy')]) },
      },
      input: { level: 7 },
    },
    {
      name: 'approval',
      definition: graph(
        [
          ask('draft', 'draft'),
          { id: 'ok', type: 'approval', config: { title: 'Send {{draft}}?' } },
          ask('side', 'side'),
          send('publish', 'publish'),
          ask('thanks', 'thanks {{publish.status}}'),
        ],
        ['draft>ok', 'draft>side', 'ok>publish:approved', 'publish>thanks'],
        { thanks: '{{thanks}}' },
      ),
    },
    {
      name: 'delay',
      definition: graph(
        [
          ask('before', 'before'),
          { id: 'short', type: 'delay', config: { ms: 300 } },
          send('between', 'between'),
          { id: 'long', type: 'delay', config: { ms: 2_500 } },
          ask('after', 'after {{before}}'),
        ],
        ['before>short', 'short>between', 'between>long', 'long>after'],
        { after: '{{after}}' },
      ),
    },
    {
      name: 'child',
      definition: graph(
        [
          ask('start', 'start'),
          {
            id: 'inner',
            type: 'workflow',
            config: { definition: twoSteps, input: { tag: '{{input.tag}} {{start}}' } },
          },
        ],
        ['start>inner'],
      ),
    },
    {
      name: 'failure',
      definition: graph(
        [
          ask('plan', 'plan'),
          {
            id: 'group',
            type: 'composite',
            config: { strategy: 'parallel', workflows: [{ id: 'busy', definition: twoSteps }] },
          },
          ask('late', 'late'),
          { id: 'no', type: 'fail', config: { code: 'refused', detail: 'No.' } },
        ],
        ['plan>group', 'plan>late', 'late>no'],
      ),
    },
  ];
}
