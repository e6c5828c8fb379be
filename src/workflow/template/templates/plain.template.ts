import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Definition } from '../../definition/definition.js';
import { modeGraph } from '../mode-graph.js';
import { DEFAULTS, PlainParameters } from '../mode-parameters.js';
import { Template, type TemplateBuilder } from '../template.js';

type Parameters = z.output<typeof PlainParameters>;

/** memory -> model. */
@Injectable()
@Template({
  name: 'plain',
  aliases: ['basic'],
  title: 'Plain chat',
  description: 'Answers from the model and the conversation alone.',
  parameters: PlainParameters,
  defaults: DEFAULTS.plain,
})
export class PlainTemplate implements TemplateBuilder<Parameters> {
  build(parameters: Parameters): Definition {
    return modeGraph('plain', 'plain', parameters);
  }
}
