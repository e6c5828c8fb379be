import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Definition } from '../../definition/definition.js';
import { modeGraph } from '../mode-graph.js';
import { DEFAULTS, FullParameters } from '../mode-parameters.js';
import { Template, type TemplateBuilder } from '../template.js';

type Parameters = z.output<typeof FullParameters>;

/** memory -> retrieve -> agent. */
@Injectable()
@Template({
  name: 'full',
  title: 'Chat with documents and tools',
  description: 'Finds passages for the question and answers from them, with the help of tools.',
  parameters: FullParameters,
  defaults: DEFAULTS.full,
})
export class FullTemplate implements TemplateBuilder<Parameters> {
  build(parameters: Parameters): Definition {
    return modeGraph('full', 'full', parameters);
  }
}
