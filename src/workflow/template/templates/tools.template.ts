import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Definition } from '../../definition/definition.js';
import { modeGraph } from '../mode-graph.js';
import { DEFAULTS, ToolsParameters } from '../mode-parameters.js';
import { Template, type TemplateBuilder } from '../template.js';

type Parameters = z.output<typeof ToolsParameters>;

/** memory -> agent. */
@Injectable()
@Template({
  name: 'tools',
  title: 'Chat with tools',
  description: 'Answers with the help of tools.',
  parameters: ToolsParameters,
  defaults: DEFAULTS.tools,
})
export class ToolsTemplate implements TemplateBuilder<Parameters> {
  build(parameters: Parameters): Definition {
    return modeGraph('tools', 'tools', parameters);
  }
}
