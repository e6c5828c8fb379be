import type { Duplex } from 'node:stream';
import { newId } from '../clock/id.js';
import { badRequest } from '../problem/http.errors.js';

const TITLES: Readonly<Record<string, readonly [status: string, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'The address and headers are larger than 16 KB together.',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not arrive in time.'],
};
const OTHERWISE = ['400 Bad Request', 'The request is not well-formed HTTP.'] as const;

/** Answers what is no readable HTTP request, before any route, as a problem; then the connection ends. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, detail] =
    (error.code !== undefined && Object.hasOwn(TITLES, error.code) ? TITLES[error.code] : undefined) ?? OTHERWISE;
  const body = JSON.stringify({ ...badRequest(detail).body(), status: Number.parseInt(status, 10) });
  const headers = [
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${newId()}`,
    'Connection: close',
  ];
  socket.end(`HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
}
