import type { NestExpressApplication } from '@nestjs/platform-express';
import type { AddressInfo } from 'node:net';
import { LLMService } from './llm/llm.service.js';
import { ServerConfig } from './platform/config/server.config.js';
import { DevelopmentUser } from './security/identity/development-user.js';

/** What the console says once the server listens: where it is and, on the embedded database, a command to try. */
export async function welcome(app: NestExpressApplication): Promise<string> {
  const { host, exposeDocs, role } = app.get(ServerConfig);
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://${host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}`;
  if (role === 'worker')
    return `\nChatter listens on ${url}\nWorker: executes runs and queued work, answers probes and /metrics only.\n\n`;
  const lines = [
    '',
    `Chatter listens on ${url}`,
    ...(exposeDocs ? [`Swagger UI:       ${url}/docs`] : []),
    `Default model:    ${app.get(LLMService).resolve().id}`,
  ];
  const user = await app.get(DevelopmentUser).credentials();
  if (user) {
    lines.push(
      `Development user: ${user.email} / ${user.password}`,
      '',
      'A first streamed answer:',
      '',
      `  curl -N ${url}/api/v1/chat \\`,
      `    -H 'Authorization: Bearer ${user.apiKey}' \\`,
      `    -H 'Content-Type: application/json' -H 'Accept: text/event-stream' \\`,
      `    -d '{"message":"Hello! What can you do?"}'`,
    );
  }
  return `${lines.join('\n')}\n\n`;
}
