import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger, type LoggerOptions, type LogFn } from 'pino';
import { currentRequest } from '../http/request-context.js';

/** Keys whose values never reach a log line, at any depth a line of ours has. */
const REDACTED = [
  'authorization',
  'cookie',
  'password',
  'accessToken',
  'refreshToken',
  'apiKey',
  'key',
  'secret',
  'token',
];

/** `redact` masks any value: texts of messages, fields and the stacks of errors. */
export function createLogger(
  level: string,
  redact: <Value>(value: Value) => Value,
  destination?: DestinationStream,
): Logger {
  const options: LoggerOptions = {
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: REDACTED.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[redacted]' },
    formatters: { log: (fields) => redact(plain(fields)) },
    hooks: {
      logMethod(parameters, method) {
        const [first] = parameters as unknown[];
        const parts = first instanceof Error && parameters.length === 1 ? [{ err: first }, first.message] : parameters;
        const shown = parts.map((part: unknown) => (typeof part === 'string' ? redact(part) : part));
        method.apply(this, shown as Parameters<LogFn>);
      },
    },
    mixin() {
      const request = currentRequest();
      return request ? { requestId: request.requestId, traceId: request.traceId } : {};
    },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Errors among the fields as data, with their stacks. */
function plain(fields: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, value]): [string, unknown] => [
    name,
    value instanceof Error ? { type: value.name, message: value.message, stack: value.stack } : value,
  ]);
  return Object.fromEntries(entries);
}

/** Nest's own progress at start, one line a module and route. */
const FRAMEWORK = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

/** Nest's logger over pino. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: string): void {
    this.logger[context !== undefined && FRAMEWORK.has(context) ? 'debug' : 'info']({ context }, String(message));
  }

  error(message: unknown, ...rest: unknown[]): void {
    const [stack, context] = rest.length > 1 ? rest : [undefined, rest[0]];
    this.logger.error({ context, stack }, String(message));
  }

  warn(message: unknown, context?: string): void {
    this.logger.warn({ context }, String(message));
  }

  debug(message: unknown, context?: string): void {
    this.logger.debug({ context }, String(message));
  }

  verbose(message: unknown, context?: string): void {
    this.logger.trace({ context }, String(message));
  }

  fatal(message: unknown, context?: string): void {
    this.logger.fatal({ context }, String(message));
  }
}
