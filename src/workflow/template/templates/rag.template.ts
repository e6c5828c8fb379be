import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Definition } from '../../definition/definition.js';
import { modeGraph } from '../mode-graph.js';
import { DEFAULTS, RagParameters } from '../mode-parameters.js';
import { Template, type TemplateBuilder } from '../template.js';

type Parameters = z.output<typeof RagParameters>;

/** memory -> retrieve -> model. */
@Injectable()
@Template({
  name: 'rag',
  title: 'Chat with documents',
  description: 'Finds passages for the question and answers from them, citing its sources.',
  parameters: RagParameters,
  defaults: DEFAULTS.rag,
})
export class RagTemplate implements TemplateBuilder<Parameters> {
  build(parameters: Parameters): Definition {
    return modeGraph('rag', 'rag', parameters);
  }
}
