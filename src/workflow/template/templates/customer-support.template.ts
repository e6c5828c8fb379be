import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Definition } from '../../definition/definition.js';
import { modeGraph } from '../mode-graph.js';
import { AssistantParameters, DEFAULTS } from '../mode-parameters.js';
import { Template, type TemplateBuilder } from '../template.js';

type Parameters = z.output<typeof AssistantParameters>;

@Injectable()
@Template({
  name: 'customer_support',
  title: 'Customer support',
  description: 'Helps customers from the knowledge base, opens tickets and hands over to people.',
  parameters: AssistantParameters,
  defaults: {
    ...DEFAULTS.full,
    mode: 'full',
    memoryWindow: 50,
    maxToolCalls: 5,
    tools: ['searchKnowledge', 'createTicket', 'escalate'],
    systemMessage:
      'You help customers. Be friendly and brief, look things up before you answer, open a ticket for what you cannot solve, and hand over to a person when the customer asks for one.',
  },
})
export class CustomerSupportTemplate implements TemplateBuilder<Parameters> {
  build(parameters: Parameters): Definition {
    return modeGraph('customer_support', parameters.mode, parameters);
  }
}
