import { Agent, createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import { EVENT_STREAM_HEADERS, modelName, peerOptions, type PeerRequest } from './peer-options.ts';

/**
 * What is left without framework, engine and storage: each upstream chunk is parsed, framed anew and written; with
 * `--batch` all chunks of one upstream read in one write.
 */
interface UpstreamChunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[];
}

const { port, modelUrl, batch } = peerOptions();
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

function serve(request: IncomingMessage, response: ServerResponse): void {
  if (request.method === 'GET') {
    response.end('ok');
    return;
  }
  collect(request, (body) => {
    const asked = JSON.parse(body) as PeerRequest;
    const messages = [{ role: 'user', content: asked.message }];
    const stream = asked.stream === true;
    const upstream = send(
      `${modelUrl}/chat/completions`,
      { method: 'POST', agent, headers: { 'Content-Type': 'application/json' } },
      (answer) => {
        if (stream) reframe(answer, response);
        else collect(answer, (text) => reply(text, response));
      },
    );
    upstream.on('error', (error) => response.destroy(error));
    upstream.end(JSON.stringify({ model: modelName(asked), stream, messages, stream_options: usageOf(stream) }));
  });
}

function reply(upstream: string, response: ServerResponse): void {
  const { choices } = JSON.parse(upstream) as { choices: [{ message: { content: string } }] };
  const body = JSON.stringify({ message: { role: 'assistant', content: choices[0].message.content } });
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }).end(body);
}

function reframe(upstream: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, EVENT_STREAM_HEADERS);
  let rest = '';
  let sequence = 0;
  upstream.setEncoding('utf8');
  upstream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    let frames = '';
    for (const line of lines) {
      if (!line.startsWith('data: {')) continue;
      const content = (JSON.parse(line.slice(6)) as UpstreamChunk).choices[0]?.delta.content;
      if (!content) continue;
      const frame = `id: ${++sequence}\ndata: ${JSON.stringify({ type: 'token', content })}\n\n`;
      if (batch) frames += frame;
      else response.write(frame);
    }
    if (frames !== '') response.write(frames);
  });
  upstream.on('end', () => response.end(`id: ${++sequence}\ndata: {"type":"complete"}\n\ndata: [DONE]\n\n`));
}

function collect(message: IncomingMessage, done: (text: string) => void): void {
  let text = '';
  message.setEncoding('utf8');
  message.on('data', (piece: string) => (text += piece));
  message.on('end', () => done(text));
}

function usageOf(stream: boolean): { readonly include_usage: true } | undefined {
  return stream ? { include_usage: true } : undefined;
}

createServer({ keepAliveTimeout: 60_000 }, serve).listen(port, '127.0.0.1', 4096);
process.once('SIGTERM', () => process.exit(0));
