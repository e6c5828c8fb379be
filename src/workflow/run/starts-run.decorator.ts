import { applyDecorators, Header, HttpCode } from '@nestjs/common';
import { ApiAcceptedResponse } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Access } from '../../platform/http/access.js';
import { ApiProblems } from '../../platform/http/api-problems.js';
import { clientGone } from '../../platform/http/client-gone.js';
import type { EventStream } from '../../platform/http/event-stream.js';
import type { Principal } from '../../platform/http/principal.js';
import { wantsEventStream } from '../../platform/http/wants-event-stream.js';
import { CausesRun } from '../../platform/idempotency/idempotency.interceptor.js';
import { budgetExceeded } from '../../usage/budget/budget.errors.js';
import { requirementsUnmet, shuttingDown, tooManyRuns } from '../workflow.errors.js';
import { ApiEventStream } from './event-stream.dto.js';
import type { RunLauncher } from './run-launcher.js';
import { RunReplyDto, type RunRequestDto } from './run-request.dto.js';

/** What every route that runs a workflow is: its rights, its renderings and what it may be refused with. */
export const StartsRun = () =>
  applyDecorators(
    HttpCode(200),
    Header('Vary', 'Accept'),
    CausesRun(),
    Access('editor', 'runs:write'),
    ApiEventStream(RunReplyDto),
    ApiAcceptedResponse({
      type: RunReplyDto,
      description: 'The run goes on: in the background, or once a person has decided.',
    }),
    ApiProblems(404, requirementsUnmet, tooManyRuns, budgetExceeded, shuttingDown),
  );

/** The answer of such a route: a stream, or JSON whose status tells whether the run goes on. */
export async function launched(
  launcher: RunLauncher,
  caller: Principal,
  request: RunRequestDto,
  http: Request,
  response: Response,
): Promise<EventStream | RunReplyDto> {
  if (request.stream === true || wantsEventStream(http)) return launcher.stream(caller, request);
  const reply = await launcher.reply(caller, request, clientGone(http));
  response.set('Location', `/api/v1/runs/${reply.run.id}`);
  if (request.mode === 'background' || reply.approvals) response.status(202);
  return reply;
}
