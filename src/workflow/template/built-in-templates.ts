import { CodeAssistantTemplate } from './templates/code-assistant.template.js';
import { CustomerSupportTemplate } from './templates/customer-support.template.js';
import { DataAnalystTemplate } from './templates/data-analyst.template.js';
import { DocumentQaTemplate } from './templates/document-qa.template.js';
import { FullTemplate } from './templates/full.template.js';
import { GeneralChatTemplate } from './templates/general-chat.template.js';
import { PlainTemplate } from './templates/plain.template.js';
import { RagTemplate } from './templates/rag.template.js';
import { ResearchAssistantTemplate } from './templates/research-assistant.template.js';
import { ToolsTemplate } from './templates/tools.template.js';

/** Every built-in template: a new one is one file and one line here. */
export const BUILT_IN_TEMPLATES = [
  CodeAssistantTemplate,
  CustomerSupportTemplate,
  DataAnalystTemplate,
  DocumentQaTemplate,
  FullTemplate,
  GeneralChatTemplate,
  PlainTemplate,
  RagTemplate,
  ResearchAssistantTemplate,
  ToolsTemplate,
];
