import { LibraryWorkflows } from './library-workflows.source.js';
import { ReservedNames } from './reserved-names.js';
import { VersionRepository } from './version.repository.js';
import { WorkflowLibrary } from './workflow-library.js';
import { WorkflowTransfer } from './workflow-transfer.js';
import { WorkflowVersions } from './workflow-versions.js';
import { WorkflowRepository } from './workflow.repository.js';

/** What the library of stored workflows is made of. */
export const LIBRARY = [
  LibraryWorkflows,
  ReservedNames,
  VersionRepository,
  WorkflowLibrary,
  WorkflowRepository,
  WorkflowTransfer,
  WorkflowVersions,
];
