import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Definition } from '../../definition/definition.js';
import { modeGraph } from '../mode-graph.js';
import { AssistantParameters, DEFAULTS } from '../mode-parameters.js';
import { Template, type TemplateBuilder } from '../template.js';

type Parameters = z.output<typeof AssistantParameters>;

@Injectable()
@Template({
  name: 'general_chat',
  title: 'General chat',
  description: 'Talks about anything, from the model and the conversation alone.',
  parameters: AssistantParameters,
  defaults: {
    ...DEFAULTS.full,
    mode: 'plain',
    memoryWindow: 20,
    systemMessage: 'You are a helpful assistant. Answer clearly, and say so when you are not sure.',
  },
})
export class GeneralChatTemplate implements TemplateBuilder<Parameters> {
  build(parameters: Parameters): Definition {
    return modeGraph('general_chat', parameters.mode, parameters);
  }
}
