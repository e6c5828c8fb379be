import { applyDecorators, Header, HttpCode } from '@nestjs/common';
import { ApiAcceptedResponse } from '@nestjs/swagger';
import {
  modelAuthenticationFailed,
  modelRateLimited,
  modelStreamBroken,
  modelTimeout,
  modelUnavailable,
} from '../llm/llm.errors.js';
import type { Request, Response } from 'express';
import { clientGone } from '../platform/http/client-gone.js';
import type { EventStream } from '../platform/http/event-stream.js';
import type { Principal } from '../platform/http/principal.js';
import { wantsEventStream } from '../platform/http/wants-event-stream.js';
import { Access } from '../platform/http/access.js';
import { ApiProblems } from '../platform/http/api-problems.js';
import { CausesRun } from '../platform/idempotency/idempotency.interceptor.js';
import { budgetExceeded } from '../usage/budget/budget.errors.js';
import { ApiEventStream } from '../workflow/run/event-stream.dto.js';
import {
  conversationBusy,
  requirementsUnmet,
  runCancelled,
  shuttingDown,
  tooManyRuns,
} from '../workflow/workflow.errors.js';
import { ChatReplyDto, type ChatRequestDto } from './chat.dto.js';
import type { ChatService, Regeneration } from './chat.service.js';

/** What every route that runs a conversation turn is: its rights, its two renderings and what it may be refused with. */
export const Turn = () =>
  applyDecorators(
    HttpCode(200),
    Header('Vary', 'Accept'),
    CausesRun(),
    Access('editor', 'chat:write'),
    ApiEventStream(ChatReplyDto),
    ApiAcceptedResponse({ type: ChatReplyDto, description: 'The turn waits for a person: see `approvals`.' }),
    ApiProblems(
      404,
      conversationBusy,
      runCancelled,
      requirementsUnmet,
      tooManyRuns,
      budgetExceeded,
      shuttingDown,
      modelAuthenticationFailed,
      modelStreamBroken,
      modelRateLimited,
      modelUnavailable,
      modelTimeout,
    ),
  );

/** The answer of such a route: a stream, or JSON whose status tells whether the turn goes on. */
export async function takeTurn(
  chat: ChatService,
  caller: Principal,
  request: ChatRequestDto | Regeneration,
  http: Request,
  response: Response,
): Promise<EventStream | ChatReplyDto> {
  if (request.stream === true || wantsEventStream(http)) return chat.stream(caller, request);
  const reply = await chat.reply(caller, request, clientGone(http));
  if (reply.approvals) response.status(202);
  return reply;
}
