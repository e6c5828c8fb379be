import { KnowledgeModule } from '../../src/knowledge/knowledge.module.js';
import { ToolModule } from '../../src/tool/tool.module.js';
import { startApp, type TestApp } from '../support/app.js';
import type { RunEvent } from '../support/sse.js';
import { composite, graph, install, model, node, speaker, storyOf, type Story } from '../support/stories.js';
import { chunk, TestRetriever } from '../support/test-retriever.js';
import { EchoTool } from '../support/test-tools.js';

const TIMES = 50;
const AT_ONCE = 5;

describe('the same definition, input and model', () => {
  let chatter: TestApp;
  let story: Story;

  beforeAll(async () => {
    install(ToolModule, EchoTool);
    install(KnowledgeModule, TestRetriever);
    chatter = await startApp({ SCRIPTED_TOKEN_MS: '0', EVENT_FLUSH_MS: '2' });
    chatter.app.get(TestRetriever, { strict: false }).find = () => [chunk(1), chunk(2)];
    story = storyOf(chatter, await chatter.register());
  });
  afterAll(() => chatter.close());

  const logs = async (definition: object, input: object): Promise<readonly (readonly RunEvent[])[]> => {
    const found: (readonly RunEvent[])[] = [];
    const line = async (): Promise<void> => {
      while (found.length < TIMES) {
        const place = found.push([]) - 1;
        const live = await story.stream({ definition, input });
        found[place] = (await live.whole()).frames.map(({ event }) => event);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, line));
    return found;
  };

  it(`give the same log, event by event, ${TIMES} times where one thing follows the other`, async () => {
    const [first, ...others] = (await logs(SEQUENTIAL, INPUT)).map(comparable);
    const kinds =
      'start node_start node_end child_start child_end source token thinking reset note usage tool_call tool_result complete';
    expect(new Set(first!.map(({ type }) => type))).toEqual(new Set(kinds.split(' ')));
    expect(others).toHaveLength(TIMES - 1);
    for (const other of others) expect(other).toEqual(first);
  });

  it(`give the same log path by path, ${TIMES} times where things go on side by side`, async () => {
    const all = await logs(PARALLEL, INPUT);
    const [first, ...others] = all.map((events) => byPath(comparable(events)));
    expect(Object.keys(first!).length).toBeGreaterThan(15);
    expect(others).toHaveLength(TIMES - 1);
    for (const other of others) expect(other).toEqual(first);
    const orders = new Set(all.map((events) => JSON.stringify(comparable(events).map(({ path }) => path))));
    expect(orders.size).toBeGreaterThan(1);
  });
});

const INPUT = { message: 'Say exactly: tea', items: ['a', 'b', 'c', 'd', 'e'], level: 2 };

const SEQUENTIAL = graph(
  [
    node('names', 'set', { values: { topic: '{{input.message}}', level: '{{input.level}}' } }),
    node('find', 'retrieve', { query: 'tea' }),
    node('think', 'model', { prompt: '[[think]] [[slow=2]] {{context}}' }),
    node('route', 'switch', { branches: [{ port: 'hard', when: { level: { min: 2 } } }] }),
    node('act', 'agent', { prompt: 'Use test_echo {"text":"tea"}', tools: '*' }),
    model('flaky', '[[tokens=8]] [[cut:after=4]]', {
      retry: { maxAttempts: 2, backoffMs: 1, jitter: false },
      onError: 'continue',
    }),
    node('polish', 'loop', {
      body: graph([model('write', 'Say exactly: {{draft}}+')], [], { output: { draft: '{{text}}' } }),
      until: { draft: { contains: '+++' } },
    }),
    node('team', 'composite', {
      strategy: 'sequential',
      workflows: [
        { id: 'one', definition: speaker('[[tokens=20]] [[slow=1]]') },
        { id: 'two', definition: speaker('[[fail=rejected:after=2]] [[tokens=4]]') },
        { id: 'three', definition: speaker('Say exactly: {{one.text}}') },
      ],
    }),
  ],
  ['names > find > think > route:hard > act > flaky > polish > team'],
);

const PARALLEL = graph(
  [
    node('begin', 'set', { values: { begun: true } }),
    model('fast', '[[tokens=6]]'),
    model('slow', '[[tokens=12]] [[slow=2]]'),
    model('broken', '[[tokens=9]] [[slow=1]] [[fail=rejected:after=5]]'),
    node('items', 'map', {
      items: '{{input.items}}',
      body: speaker('Say exactly: {{item}} {{index}} [[slow=1]]'),
      maxConcurrency: 3,
    }),
    node('team', 'composite', {
      strategy: 'parallel',
      workflows: [
        { id: 'left', definition: speaker('[[tokens=7]] [[slow=1]]') },
        { id: 'right', definition: composite('parallel', { up: speaker('[[tokens=3]]'), down: speaker('[[cut]]') }) },
      ],
    }),
    node('gather', 'join', { onError: 'continue', output: 'all' }),
    model('end', 'Say exactly: {{all.fast.output.text}} {{all.broken.status}}'),
  ],
  [...['fast', 'slow', 'broken', 'items', 'team'].flatMap((id) => [`begin > ${id}`, `${id} > gather`]), 'gather > end'],
);

type Plain = Readonly<Record<string, unknown>>;

/** The log without ids and times, numbered by nothing but its order, the text of each message in one piece. */
function comparable(events: readonly RunEvent[]): readonly Plain[] {
  const pieces = new Map<string, { content: string }>();
  const comparables: Plain[] = [];
  for (const event of events) {
    const plain = withoutIdsAndTimes(event) as { type: string; path?: string[]; messageKey: string; content: string };
    const message = `${plain.type} ${plain.path?.join('/')} ${plain.messageKey}`;
    if (plain.type === 'reset') for (const type of ['token', 'thinking']) pieces.delete(message.replace('reset', type));
    if (plain.type !== 'token' && plain.type !== 'thinking') {
      comparables.push(plain);
      continue;
    }
    const known = pieces.get(message);
    if (known) known.content += plain.content;
    else {
      pieces.set(message, plain);
      comparables.push(plain);
    }
  }
  return comparables;
}

const byPath = (events: readonly Plain[]): Readonly<Record<string, readonly Plain[]>> =>
  Object.fromEntries(Map.groupBy(events, ({ path }) => (path as readonly string[] | undefined)?.join('/') ?? ''));

const IDS_AND_TIMES = new Set(['seq', 'fromSeq', 'at', 'runId', 'childRunId', 'durationMs', 'traceId', 'instance']);

function withoutIdsAndTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIdsAndTimes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) =>
      IDS_AND_TIMES.has(name) ? [] : [[name, withoutIdsAndTimes(member)]],
    ),
  );
}
