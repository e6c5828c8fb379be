import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import type { Definition } from '../../definition/definition.js';
import { modeGraph } from '../mode-graph.js';
import { AssistantParameters, DEFAULTS } from '../mode-parameters.js';
import { Template, type TemplateBuilder } from '../template.js';

type Parameters = z.output<typeof AssistantParameters>;

/** Part of the definition, so that no other system message takes it away. */
const INSTRUCTIONS =
  'Answer from the numbered sources below alone. You must cite the source of every statement by its number in brackets, such as [1]. When the sources lack the answer or part of it, you must say so, and never fill the gap from elsewhere.';

@Injectable()
@Template({
  name: 'research_assistant',
  title: 'Research assistant',
  description: 'Answers questions from documents, cites every statement and says what the documents lack.',
  parameters: AssistantParameters,
  defaults: {
    ...DEFAULTS.full,
    mode: 'rag',
    memoryWindow: 30,
    maxDocuments: 10,
    systemMessage: 'You help with research. Weigh the sources against each other and point out where they disagree.',
  },
})
export class ResearchAssistantTemplate implements TemplateBuilder<Parameters> {
  build(parameters: Parameters): Definition {
    return modeGraph('research_assistant', parameters.mode, parameters, INSTRUCTIONS);
  }
}
