import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { Access } from '../../platform/http/access.js';
import { ApiProblems } from '../../platform/http/api-problems.js';
import { IdParam } from '../../platform/http/id.pipe.js';
import { PageQuery } from '../../platform/http/page.js';
import { Caller, type Principal } from '../../platform/http/principal.js';
import { BudgetDto, BudgetPageDto, CreateBudgetDto, UpdateBudgetDto } from './budget.dto.js';
import { BudgetService } from './budget.service.js';

@ApiTags('Usage')
@Controller('budgets')
export class BudgetController {
  constructor(private readonly budgets: BudgetService) {}

  @Get()
  @Access('viewer', 'budgets:read')
  @ApiOperation({
    summary: 'List the budgets and where they stand, newest first',
    description: 'Budgets of other users are shown to admins only.',
    operationId: 'listBudgets',
  })
  @ApiOkResponse({ type: BudgetPageDto })
  list(@Caller() caller: Principal, @Query() query: PageQuery): Promise<BudgetPageDto> {
    return this.budgets.list(caller, query);
  }

  @Post()
  @Access('admin', 'budgets:write')
  @ApiOperation({
    summary: 'Bound what a user, the workspace, a workflow or a model may use',
    description:
      'Counts what was used in its period before it was made, too. Holds at once in this process and within 3 s in others.',
    operationId: 'createBudget',
  })
  @ApiBody({
    type: CreateBudgetDto,
    examples: { least: { value: { scope: 'workspace', unit: 'tokens', limit: 1_000_000, period: 'month' } } },
  })
  @ApiCreatedResponse({ type: BudgetDto })
  @ApiProblems(409)
  async create(
    @Caller() caller: Principal,
    @Body() body: CreateBudgetDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<BudgetDto> {
    const budget = await this.budgets.create(caller, body);
    response.location(`/api/v1/budgets/${budget.id}`);
    return budget;
  }

  @Get(':id')
  @Access('viewer', 'budgets:read')
  @ApiOperation({ summary: 'Read a budget and where it stands', operationId: 'getBudget' })
  @ApiOkResponse({ type: BudgetDto })
  get(@Caller() caller: Principal, @IdParam() id: string): Promise<BudgetDto> {
    return this.budgets.get(caller, id);
  }

  @Patch(':id')
  @Access('admin', 'budgets:write')
  @ApiOperation({ summary: 'Change the limit or the period of a budget', operationId: 'updateBudget' })
  @ApiOkResponse({ type: BudgetDto })
  @ApiProblems(409)
  update(@Caller() caller: Principal, @IdParam() id: string, @Body() body: UpdateBudgetDto): Promise<BudgetDto> {
    return this.budgets.update(caller, id, body);
  }

  @Delete(':id')
  @HttpCode(204)
  @Access('admin', 'budgets:write')
  @ApiOperation({ summary: 'Delete a budget', operationId: 'deleteBudget' })
  @ApiNoContentResponse({ description: 'Deleted.' })
  remove(@Caller() caller: Principal, @IdParam() id: string): Promise<void> {
    return this.budgets.remove(caller, id);
  }
}
