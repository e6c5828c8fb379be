import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { ToolSource, type OfferedTool, type ToolOffering } from '../../src/tool/tool-source.js';
import { toolFailed } from '../../src/tool/tool.errors.js';
import { Tool, type ToolExecutor } from '../../src/tool/tool.js';

/** The tools that scenarios call by fixed names. */

@Injectable()
@Tool({
  name: 'test_simple_text',
  title: 'Text',
  description: 'Answers a text.',
  arguments: z.strictObject({}),
  risk: 'low',
  effect: 'read',
})
export class SimpleTextTool implements ToolExecutor {
  async call(): Promise<unknown> {
    return 'This is a simple text response for testing.';
  }
}

@Injectable()
@Tool({
  name: 'test_error_handling',
  title: 'Error',
  description: 'Fails.',
  arguments: z.strictObject({}),
  risk: 'low',
  effect: 'read',
})
export class FailingTool implements ToolExecutor {
  async call(): Promise<unknown> {
    throw toolFailed('This tool intentionally returns an error for testing');
  }
}

const SCHEMA_TOOL: OfferedTool = {
  name: 'json_schema_2020_12_tool',
  title: 'Schema',
  description: 'Tool with JSON Schema 2020-12 features',
  parameters: {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: { address: { type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } } },
    properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' } },
    additionalProperties: false,
  },
  risk: 'low',
  effect: 'read',
  source: { kind: 'builtin' },
  parse: async (args) => args,
  call: async () => null,
};

/** A tool whose schema is its own, as those of workflows and MCP servers are. */
@Injectable()
@ToolSource()
export class SchemaTool implements ToolOffering {
  async list(): Promise<readonly OfferedTool[]> {
    return [SCHEMA_TOOL];
  }

  async find(_workspaceId: string, name: string): Promise<OfferedTool | undefined> {
    return name === SCHEMA_TOOL.name ? SCHEMA_TOOL : undefined;
  }
}

export const FIXTURE_TOOLS = [SimpleTextTool, FailingTool, SchemaTool];
