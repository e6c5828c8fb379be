import { Injectable } from '@nestjs/common';
import type { Principal } from '../../platform/http/principal.js';
import type { Workflow } from './workflow.js';
import { WorkflowLibrary } from './workflow-library.js';

/** Marks a document as a workflow of ours. */
export const DOCUMENT_FORMAT = 'chatter-workflow';
/** Counts up when the form changes in a way that its readers must know of. */
export const DOCUMENT_VERSION = 1;

/**
 * A workflow as a file: what its author wrote, and nothing that belongs to one server or workspace. It holds the draft
 * and no versions: an import begins a history of its own. The import of an export exports the same document.
 */
export interface WorkflowDocument {
  readonly format: string;
  readonly version: number;
  readonly name: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly definition: unknown;
}

@Injectable()
export class WorkflowTransfer {
  constructor(private readonly library: WorkflowLibrary) {}

  /** @throws Problem not-found */
  async export(caller: Principal, id: string): Promise<WorkflowDocument> {
    const { name, description, tags, definition } = (await this.library.read(caller, id)).workflow;
    return { format: DOCUMENT_FORMAT, version: DOCUMENT_VERSION, name, description, tags, definition };
  }

  /**
   * Stores the document as a new workflow, under another name when one is given. What it refers to is not looked at.
   * @throws Problem validation-failed with `violations`, conflict for a name that is taken
   */
  import(caller: Principal, document: WorkflowDocument, name = document.name): Promise<Workflow> {
    const { description, tags, definition } = document;
    return this.library.create(caller, { name, description, tags, definition });
  }
}
