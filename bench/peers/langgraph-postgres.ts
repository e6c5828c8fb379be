import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Annotation, StateGraph } from '@langchain/langgraph';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import { peerOptions } from './peer-options.ts';

/**
 * Workflows the way LangGraph's documentation shows durable ones: a graph with the stock PostgresSaver, durability
 * `sync`, one thread a run; bare `node:http` around it. Its steps do next to nothing. The database is a server of
 * its own that Chatter's own launcher starts, with the same settings.
 */
interface Line {
  readonly nodes: readonly { readonly id: string; readonly type: string }[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  readonly output: unknown;
}

interface EmbeddedPostgres {
  readonly url: string;
  stop(): Promise<void>;
}

interface Launcher {
  startEmbeddedPostgres(options: { readonly dataDir: string }): Promise<EmbeddedPostgres>;
}

const { port, dataDir } = peerOptions();
const launcher = join(process.cwd(), 'dist/platform/database/embedded/embedded-postgres.js');
const { startEmbeddedPostgres } = (await import(pathToFileURL(launcher).href)) as Launcher;
const database = await startEmbeddedPostgres({ dataDir });
const saver = PostgresSaver.fromConnString(database.url);
await saver.setup();

const State = Annotation.Root({ text: Annotation<string>({ reducer: (_, right) => right, default: () => '' }) });
const graphs = new Map<string, ReturnType<typeof compileGraph>>();

async function run(definition: Line): Promise<unknown> {
  const key = JSON.stringify(definition);
  const graph = graphs.get(key) ?? compileGraph(definition);
  graphs.set(key, graph);
  const { text } = await graph.invoke(
    { text: '' },
    { configurable: { thread_id: crypto.randomUUID() }, durability: 'sync' },
  );
  if (text.length !== definition.nodes.length) throw new Error(`${text.length} steps were done.`);
  return String(definition.output).startsWith('{{') ? text : definition.output;
}

/** Each node adds a character to the text that the one before has left. */
function compileGraph({ nodes, edges }: Line) {
  const builder = new StateGraph(State) as unknown as Builder;
  for (const { id } of nodes) builder.addNode(id, ({ text }) => Promise.resolve({ text: `${text}x` }));
  builder.addEdge('__start__', nodes[0]?.id ?? '');
  for (const { from, to } of edges) builder.addEdge(from, to);
  builder.addEdge(nodes.at(-1)?.id ?? '', '__end__');
  return builder.compile({ checkpointer: saver });
}

/** LangGraph's types track node names as literals; here they are data. */
interface Builder {
  addNode(id: string, run: (state: typeof State.State) => Promise<typeof State.Update>): unknown;
  addEdge(from: string, to: string): unknown;
  compile(options: { readonly checkpointer: PostgresSaver }): {
    invoke(input: typeof State.Update, options: Record<string, unknown>): Promise<typeof State.State>;
  };
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'GET') {
    response.end('ok');
    return;
  }
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (piece: string) => (text += piece));
  request.on('end', () => {
    run((JSON.parse(text) as { readonly definition: Line }).definition).then(
      (output) => reply(response, 200, { run: { status: 'succeeded', output } }),
      (error: unknown) => reply(response, 500, { error: String(error) }),
    );
  });
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

createServer({ keepAliveTimeout: 60_000 }, serve).listen(port, '127.0.0.1', 4096);
process.once('SIGTERM', () => {
  void saver
    .end()
    .then(() => database.stop())
    .finally(() => process.exit(0));
});
