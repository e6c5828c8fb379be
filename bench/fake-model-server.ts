import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';
import { answerBytes, fakeModel, type AnswerBytes, type FakeModel } from './fake-model.ts';
import { TimerWheel } from './timer-wheel.ts';

/**
 * A model server on loopback that speaks the OpenAI chat-completions protocol and costs next to nothing. The model's name
 * carries its behaviour; see `fakeModel`. `node bench/fake-model-server.ts --port 4010`, then `POST /v1/chat/completions`.
 */
interface ChatCompletionRequest {
  readonly model?: unknown;
  readonly stream?: unknown;
  readonly stream_options?: { readonly include_usage?: unknown };
}

const EVENT_STREAM = { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-cache' };
const JSON_BODY = { 'Content-Type': 'application/json' };

const wheel = new TimerWheel();
const prepared = new Map<string, AnswerBytes>();

function serve(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'GET' && request.url === '/livez') return void response.end('ok');
  if (request.method !== 'POST' || request.url !== '/v1/chat/completions')
    return refuse(response, 404, 'No such route.');
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => {
    try {
      answer(JSON.parse(Buffer.concat(pieces).toString()) as ChatCompletionRequest, response);
    } catch {
      refuse(response, 400, 'The body is not JSON.');
    }
  });
}

function answer(request: ChatCompletionRequest, response: ServerResponse): void {
  const model = fakeModel(String(request.model));
  if (!model) return refuse(response, 404, `No model "${String(request.model)}"; name one like fake-t200-d20.`);
  const bytes = bytesOf(model, request.stream_options?.include_usage === true);
  if (request.stream !== true) {
    response.writeHead(200, { ...JSON_BODY, 'Content-Length': bytes.json.length }).end(bytes.json);
    return;
  }
  response.writeHead(200, EVENT_STREAM);
  if (model.delayMs === 0) response.end(bytes.whole);
  else stream(model, bytes, response);
}

function stream(model: FakeModel, bytes: AnswerBytes, response: ServerResponse): void {
  let sent = 0;
  response.write(bytes.head);
  const cancel = wheel.add(model.delayMs, () => {
    sent += 1;
    response.write(bytes.token);
    if (sent < model.tokens) return model.delayMs;
    response.end(bytes.tail);
    return undefined;
  });
  response.once('close', cancel);
}

function bytesOf(model: FakeModel, includeUsage: boolean): AnswerBytes {
  const key = `${model.name} ${String(includeUsage)}`;
  const known = prepared.get(key);
  if (known) return known;
  const bytes = answerBytes(model, includeUsage);
  prepared.set(key, bytes);
  return bytes;
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, JSON_BODY).end(JSON.stringify({ error: { message, type: 'invalid_request_error' } }));
}

const { values } = parseArgs({ options: { port: { type: 'string', default: '4010' } } });
const server = createServer({ keepAliveTimeout: 60_000 }, serve);
server.listen(Number(values.port), '127.0.0.1', 4096);
process.once('SIGTERM', () => process.exit(0));
