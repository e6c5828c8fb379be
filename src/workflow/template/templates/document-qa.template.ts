import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Definition } from '../../definition/definition.js';
import { modeGraph } from '../mode-graph.js';
import { AssistantParameters, DEFAULTS } from '../mode-parameters.js';
import { Template, type TemplateBuilder } from '../template.js';

type Parameters = z.output<typeof AssistantParameters>;

@Injectable()
@Template({
  name: 'document_qa',
  title: 'Questions about documents',
  description: 'Answers each question on its own, from the passages that fit it well.',
  parameters: AssistantParameters,
  defaults: {
    ...DEFAULTS.full,
    mode: 'rag',
    memory: false,
    maxDocuments: 15,
    similarityThreshold: 0.7,
    systemMessage: 'You answer questions about documents. Keep to what they say, and quote where the wording matters.',
  },
})
export class DocumentQaTemplate implements TemplateBuilder<Parameters> {
  build(parameters: Parameters): Definition {
    return modeGraph('document_qa', parameters.mode, parameters);
  }
}
