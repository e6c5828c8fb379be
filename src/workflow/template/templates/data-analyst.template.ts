import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Definition } from '../../definition/definition.js';
import { modeGraph } from '../mode-graph.js';
import { AssistantParameters, DEFAULTS } from '../mode-parameters.js';
import { Template, type TemplateBuilder } from '../template.js';

type Parameters = z.output<typeof AssistantParameters>;

@Injectable()
@Template({
  name: 'data_analyst',
  title: 'Data analyst',
  description: 'Works through figures step by step, with the help of tools.',
  parameters: AssistantParameters,
  defaults: {
    ...DEFAULTS.full,
    mode: 'tools',
    memoryWindow: 50,
    maxToolCalls: 15,
    systemMessage:
      'You analyse data. Calculate with tools rather than in your head, show how you came to each figure, and name its unit.',
  },
})
export class DataAnalystTemplate implements TemplateBuilder<Parameters> {
  build(parameters: Parameters): Definition {
    return modeGraph('data_analyst', parameters.mode, parameters);
  }
}
