import { applyDecorators, Header, HttpCode } from '@nestjs/common';
import {
  modelAuthenticationFailed,
  modelRateLimited,
  modelStreamBroken,
  modelTimeout,
  modelUnavailable,
} from '../llm/llm.errors.js';
import { Access } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { CausesRun } from '../platform/idempotency/idempotency.interceptor.js';
import { ApiEventStream } from '../workflow/run/event-stream.dto.js';
import {
  conversationBusy,
  requirementsUnmet,
  runCancelled,
  shuttingDown,
  tooManyRuns,
} from '../workflow/workflow.errors.js';
import { ChatReplyDto } from './chat.dto.js';

/** What every route that runs a conversation turn is: its rights, its two renderings and what it may be refused with. */
export const Turn = () =>
  applyDecorators(
    HttpCode(200),
    Header('Vary', 'Accept'),
    CausesRun(),
    Access('editor', 'chat:write'),
    ApiEventStream(ChatReplyDto),
    ApiProblems(
      404,
      conversationBusy,
      runCancelled,
      requirementsUnmet,
      tooManyRuns,
      shuttingDown,
      modelAuthenticationFailed,
      modelStreamBroken,
      modelRateLimited,
      modelUnavailable,
      modelTimeout,
    ),
  );
