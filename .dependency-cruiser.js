/** The rooms from the ground up. Imports point down; a new room gets its place here. */
const floors = [
  ['platform'],
  ['security'],
  ['news'],
  ['llm', 'tool', 'conversation', 'knowledge', 'usage'],
  ['mcp'],
  ['workflow'],
  ['metrics', 'chat'],
  ['protocol'],
];

/** Who may use whom on one floor. Keep it free of cycles. */
const neighbours = { tool: ['llm', 'knowledge', 'usage'], knowledge: ['llm'], conversation: ['llm'], usage: ['llm'] };

const inside = (rooms) => `^src/(${rooms.join('|')})/`;
const npm = (packages) => `(^|/)node_modules/(${packages})(/|$)`;
const SPEC = '[.]spec[.]ts$';

const upward = floors.slice(0, -1).map((rooms, floor) => ({
  name: `no-edge-upward-from-${rooms.join('-')}`,
  comment: 'Imports point down. Publish an event, or move what is shared to the lower room.',
  severity: 'error',
  from: { path: inside(rooms) },
  to: { path: inside(floors.slice(floor + 1).flat()) },
}));

const sideways = floors.flatMap((rooms) =>
  rooms.flatMap((room) => {
    const strangers = rooms.filter((other) => other !== room && !neighbours[room]?.includes(other));
    if (strangers.length === 0) return [];
    return {
      name: `no-edge-sideways-from-${room}`,
      comment: 'Rooms of one floor use each other only as the list of neighbours in .dependency-cruiser.js says.',
      severity: 'error',
      from: { path: inside([room]) },
      to: { path: inside(strangers) },
    };
  }),
);

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...upward,
    ...sideways,
    {
      name: 'room-has-a-floor',
      comment: 'A folder under src is one of the rooms listed in .dependency-cruiser.js.',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: inside(floors.flat()) },
      to: {},
    },
    {
      name: 'rooms-do-not-know-the-house',
      comment: 'main, app.module and the generators know the rooms, not the other way round.',
      severity: 'error',
      from: { path: '^src/[^/]+/' },
      to: { path: '^src/[^/]+[.]ts$' },
    },
    {
      name: 'no-cycle',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'conversation-and-workflow-are-strangers',
      comment: 'chat turns one into the input of the other.',
      severity: 'error',
      from: { path: '^src/workflow/' },
      to: { path: '^src/conversation/' },
    },
    {
      name: 'metrics-is-never-called',
      comment: 'It listens to events.',
      severity: 'error',
      from: { path: '^src/(?!metrics/)[^/]+/' },
      to: { path: '^src/metrics/' },
    },
    {
      name: 'no-barrel',
      severity: 'error',
      from: { path: '(^|/)index[.]ts$' },
      to: {},
    },
    {
      name: 'no-barrel-imported',
      comment: 'Import the file that holds the thing.',
      severity: 'error',
      from: {},
      to: { path: '(^|/)index[.]ts$', pathNot: 'node_modules' },
    },
    {
      name: 'langgraph-only-in-graph',
      comment:
        'Everything else takes what it needs from the re-exports of src/workflow/graph; the store of memories names the types of its contract.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/workflow/graph/', '^src/knowledge/memory/memory-store[.]ts$', SPEC] },
      to: { path: npm('@langchain/langgraph[^/]*') },
    },
    {
      name: 'langchain-only-in-llm',
      comment: 'Models stand behind the ChatModel contract; the graph alone shares its core.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/llm/', '^src/workflow/graph/'] },
      to: { path: npm('langchain|@langchain/(?!langgraph)[^/]+') },
    },
    {
      name: 'providers-only-in-llm',
      severity: 'error',
      from: { path: '^src/workflow/graph/' },
      to: { path: npm('langchain|@langchain/(?!langgraph|core/)[^/]+') },
    },
    {
      name: 'telemetry-behind-one-room',
      comment: 'Spans and meters are asked for at src/platform/telemetry.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/platform/telemetry/' },
      to: { path: npm('@opentelemetry/[^/]+|prom-client') },
    },
    {
      name: 'pure-core-knows-no-framework',
      comment: 'Definitions, conditions, statistics, redaction and risk are functions over values.',
      severity: 'error',
      from: {
        path: ['^src/workflow/(definition|condition)/', '/(condition|statistics|redact|risk)[a-z-]*[.]ts$'],
        pathNot: SPEC,
      },
      to: { path: npm('@nestjs/[^/]+|typeorm|pg|express') },
    },
    {
      name: 'source-knows-no-test',
      severity: 'error',
      from: { path: '^src/', pathNot: SPEC },
      to: { path: ['^(test|bench|examples)/', SPEC] },
    },
    {
      name: 'unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'source-runs-without-dev-dependencies',
      severity: 'error',
      from: { path: '^src/', pathNot: SPEC },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'orphan',
      comment: 'Nothing imports it and it imports nothing.',
      severity: 'error',
      from: { orphan: true, pathNot: ['[.]d[.]ts$', SPEC, '^src/[^/]+[.]ts$'] },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};
