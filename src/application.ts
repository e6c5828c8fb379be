import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import compression from 'compression';
import type { Request, Response } from 'express';
import helmet from 'helmet';
import { AppModule } from './app.module.js';
import type { EnvironmentVariables } from './platform/config/configuration.js';
import { isUpload } from './knowledge/document/upload.js';
import { EnvironmentError } from './platform/config/environment.js';
import { ServerConfig } from './platform/config/server.config.js';
import { EmbeddedDatabase } from './platform/database/embedded-database.js';
import { requestTrace } from './platform/telemetry/request-trace.js';
import { Tracing } from './platform/telemetry/tracing.js';
import { RequestMeter } from './metrics/request-meter.js';
import { answerClientError } from './platform/http/client-error.js';
import { Lifecycle } from './platform/health/lifecycle.js';
import { probesOnly } from './platform/health/probes-only.js';
import { jsonBody } from './platform/http/body.js';
import { requestContext } from './platform/http/request-context.js';
import { RequestValidationPipe } from './platform/http/validation.pipe.js';
import { createLogger, NestLogger } from './platform/log/logger.js';
import { requestLog } from './platform/log/request-log.js';
import { ProblemFilter, unknownRoute } from './platform/problem/problem.filter.js';
import { redactValue } from './security/redaction/redact-value.js';
import { serveDocument } from './openapi.js';

/** Routes outside of the API's prefix: operations, explanations, and what speaks a protocol of its own. */
export const UNPREFIXED = ['livez', 'readyz', 'healthz', 'metrics', 'problems', 'problems/:slug', 'mcp'];

/** The application, wired and not yet listening. `preview` builds only its structure, for the document. */
export async function createApplication(
  environment: EnvironmentVariables,
  options: { readonly preview?: boolean } = {},
): Promise<NestExpressApplication> {
  const config = new ServerConfig(environment);
  if (config.nodeEnv === 'production' && config.corsOrigins.includes('*')) {
    throw new EnvironmentError('CORS_ORIGINS: "*" opens the API to every site; name the origins in production');
  }
  const logger = createLogger(config.logLevel, redactValue);
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(environment), {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
    forceCloseConnections: true,
    preview: options.preview ?? false,
  });
  app.set('trust proxy', config.trustProxy);
  app.set('query parser', 'simple');
  app.set('etag', false);
  app.disable('x-powered-by');
  if (!options.preview) app.use(app.get(Lifecycle).track, app.get(RequestMeter).measure);
  app.use(requestContext, requestLog(logger), helmet({ contentSecurityPolicy: false }));
  if (config.role === 'worker') app.use(probesOnly);
  const tracing = options.preview ? undefined : app.get(Tracing);
  if (tracing?.isOn) app.use(requestTrace(tracing));
  app.use(compression({ filter: isCompressible }));
  if (config.corsOrigins.length > 0) {
    app.enableCors({
      origin: config.corsOrigins.includes('*') ? true : [...config.corsOrigins],
      credentials: true,
      exposedHeaders: [
        'X-Request-Id',
        'X-Run-Id',
        'Location',
        'Content-Location',
        'Content-Disposition',
        'Retry-After',
        'RateLimit-Limit',
        'RateLimit-Remaining',
        'RateLimit-Reset',
        'ETag',
      ],
    });
  }
  app.use(jsonBody(config.bodyLimitBytes, isUpload));
  app.setGlobalPrefix('api/v1', { exclude: UNPREFIXED });
  app.useGlobalPipes(new RequestValidationPipe());
  app.useGlobalFilters(new ProblemFilter());
  if (options.preview) return app;
  if (config.exposeDocs) serveDocument(app);
  await orClosed(app, app.init());
  app.getHttpServer().on('clientError', answerClientError);
  app.use(unknownRoute);
  return app;
}

/** Drains, closes every connection and only then stops the embedded database. */
export async function closeApplication(app: NestExpressApplication): Promise<void> {
  const embedded = app.get(EmbeddedDatabase);
  await app.close();
  await embedded.stop();
}

/** What a start waits for; when it fails, what has started so far is closed: the embedded database would go on alone. */
export async function orClosed<Result>(app: NestExpressApplication, step: Promise<Result>): Promise<Result> {
  try {
    return await step;
  } catch (error) {
    await closeApplication(app).catch(() => undefined);
    throw error;
  }
}

/** A compressed event stream would be held back by the compressor's buffer. */
function isCompressible(request: Request, response: Response): boolean {
  const type = String(response.getHeader('Content-Type') ?? '');
  return !type.startsWith('text/event-stream') && compression.filter(request, response);
}
