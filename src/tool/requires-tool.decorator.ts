import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { ApiProblems } from '../platform/http/api-problems.js';
import { ToolPermissionGuard, REQUIRED_TOOL, type RequiredTool } from './tool-permission.guard.js';
import { toolDenied, toolDisabled, toolUnknown } from './tool.errors.js';

/**
 * A route for those who may call a tool, given by name or by the path's parameter that names it: others are refused
 * before their request is looked at. The gate decides again when the tool is called.
 */
export const RequiresTool = (tool: RequiredTool) =>
  applyDecorators(
    SetMetadata(REQUIRED_TOOL, tool),
    UseGuards(ToolPermissionGuard),
    ApiProblems(toolUnknown, toolDenied, toolDisabled),
  );
