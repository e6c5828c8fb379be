import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Definition } from '../../definition/definition.js';
import { modeGraph } from '../mode-graph.js';
import { AssistantParameters, DEFAULTS } from '../mode-parameters.js';
import { Template, type TemplateBuilder } from '../template.js';

type Parameters = z.output<typeof AssistantParameters>;

@Injectable()
@Template({
  name: 'code_assistant',
  title: 'Code assistant',
  description: 'Writes, explains and reviews code, with the help of tools.',
  parameters: AssistantParameters,
  defaults: {
    ...DEFAULTS.full,
    mode: 'tools',
    memoryWindow: 100,
    maxToolCalls: 10,
    systemMessage:
      'You help with writing, reading and reviewing code. Show complete code, name the language of each block, and say what you have not tried out.',
  },
})
export class CodeAssistantTemplate implements TemplateBuilder<Parameters> {
  build(parameters: Parameters): Definition {
    return modeGraph('code_assistant', parameters.mode, parameters);
  }
}
