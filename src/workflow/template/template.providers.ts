import { CollectionRequirements } from './collection-requirements.source.js';
import { CustomTemplateService } from './custom-template.service.js';
import { RequirementCheck } from './requirements.js';
import { TemplateCatalogue } from './template.catalogue.js';
import { TemplateRegistry } from './template.registry.js';
import { TemplateRepository } from './template.repository.js';
import { TemplateService } from './template.service.js';
import { ToolRequirements } from './tool-requirements.source.js';

/** What templates are made of, beside the built-in ones. */
export const TEMPLATING = [
  CollectionRequirements,
  CustomTemplateService,
  RequirementCheck,
  TemplateCatalogue,
  TemplateRegistry,
  TemplateRepository,
  TemplateService,
  ToolRequirements,
];
