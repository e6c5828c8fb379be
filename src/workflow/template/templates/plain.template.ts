import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Definition } from '../../definition/definition.js';
import { ModelParameters } from '../model-parameters.js';
import { Template, type TemplateBuilder } from '../template.js';

const Parameters = z.strictObject(ModelParameters);

/** memory -> model. */
@Injectable()
@Template({
  name: 'plain',
  aliases: ['basic'],
  title: 'Plain chat',
  description: 'Answers from the model and the conversation alone.',
  parameters: Parameters,
})
export class PlainTemplate implements TemplateBuilder<z.output<typeof Parameters>> {
  build({ model, systemMessage, temperature, maxTokens, memoryWindow }: z.output<typeof Parameters>): Definition {
    return {
      kind: 'graph',
      name: 'plain',
      nodes: [
        { id: 'memory', type: 'memory', config: { window: memoryWindow } },
        { id: 'model', type: 'model', config: { model, system: systemMessage, temperature, maxTokens } },
      ],
      edges: [{ from: 'memory', to: 'model', port: 'next' }],
      output: { text: '{{text}}' },
    };
  }
}
