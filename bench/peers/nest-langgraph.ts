import 'reflect-metadata';
import { MessagesAnnotation, StateGraph } from '@langchain/langgraph';
import { ChatOpenAI } from '@langchain/openai';
import { Body, Controller, Get, HttpCode, Module, Post, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Response } from 'express';
import { EVENT_STREAM_HEADERS, modelName, peerOptions, type PeerRequest } from './peer-options.ts';

/**
 * Chat the way the documentation of Nest, LangGraph and ChatOpenAI shows it: a one-node graph compiled once per model,
 * tokens from `streamMode: 'messages'`, each written as it comes. Stores nothing.
 */
const { port, modelUrl } = peerOptions();
const graphs = new Map<string, ReturnType<typeof compileGraph>>();

class ChatController {
  livez(): string {
    return 'ok';
  }

  async chat(asked: PeerRequest, response: Response): Promise<void> {
    const graph = graphFor(modelName(asked));
    const input = { messages: [{ role: 'user', content: asked.message }] };
    if (!asked.stream) {
      const { messages } = await graph.invoke(input);
      response.json({ message: { role: 'assistant', content: messages.at(-1)?.text ?? '' } });
      return;
    }
    response.set(EVENT_STREAM_HEADERS);
    let sequence = 0;
    const write = (event: object) => response.write(`id: ${++sequence}\ndata: ${JSON.stringify(event)}\n\n`);
    for await (const [message] of await graph.stream(input, { streamMode: 'messages' })) {
      if (message.text !== '') write({ type: 'token', content: message.text });
    }
    write({ type: 'complete' });
    response.end('data: [DONE]\n\n');
  }
}

function graphFor(name: string): ReturnType<typeof compileGraph> {
  const known = graphs.get(name);
  if (known) return known;
  const graph = compileGraph(name);
  graphs.set(name, graph);
  return graph;
}

function compileGraph(name: string) {
  const model = new ChatOpenAI({ model: name, apiKey: 'bench', configuration: { baseURL: modelUrl }, maxRetries: 0 });
  return new StateGraph(MessagesAnnotation)
    .addNode('model', async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
    .addEdge('__start__', 'model')
    .addEdge('model', '__end__')
    .compile();
}

class AppModule {}

/** Node strips types and knows no decorators: they are applied by hand. */
function decorate(method: 'livez' | 'chat', ...decorators: readonly MethodDecorator[]): void {
  const descriptor = Object.getOwnPropertyDescriptor(ChatController.prototype, method) as PropertyDescriptor;
  for (const decorator of decorators) decorator(ChatController.prototype, method, descriptor);
}

Controller()(ChatController);
decorate('livez', Get('livez'));
decorate('chat', Post('api/v1/chat'), HttpCode(200));
Body()(ChatController.prototype, 'chat', 0);
Res()(ChatController.prototype, 'chat', 1);
Module({ controllers: [ChatController] })(AppModule);

const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ['error'] });
await app.listen(port, '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
