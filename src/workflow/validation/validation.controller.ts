import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access } from '../../platform/http/access.js';
import { ApiProblems } from '../../platform/http/api-problems.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { Repeatable } from '../../platform/idempotency/idempotency.interceptor.js';
import { malformedJson } from '../../platform/problem/http.errors.js';
import { DefinitionBody } from './definition-body.js';
import { ValidateWorkflowDto, ValidationResultDto } from './validation.dto.js';
import { WorkflowValidator } from './workflow-validator.js';

@ApiTags('Workflows')
@Controller('workflows')
export class ValidationController {
  constructor(private readonly validator: WorkflowValidator) {}

  @Post('validate')
  @HttpCode(200)
  @Repeatable()
  @Access('viewer', 'workflows:read')
  @ApiOperation({
    summary: 'Check a definition',
    description: 'Says all that is wrong or doubtful with it at once; stores and runs nothing.',
    operationId: 'validateWorkflow',
  })
  @ApiBody({ type: ValidateWorkflowDto })
  @ApiOkResponse({ type: ValidationResultDto })
  @ApiProblems(malformedJson, 413, 415, 422)
  validate(@Caller() caller: Principal, @DefinitionBody() definition: unknown): Promise<ValidationResultDto> {
    return this.validator.validate(caller, definition);
  }
}
