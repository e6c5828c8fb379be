import { Choice, Int, JsonObject, Text, TextList } from '../../platform/http/fields.js';
import { definition, description, name, tags } from './workflow.dto.js';
import { DOCUMENT_FORMAT, DOCUMENT_VERSION, type WorkflowDocument } from './workflow-transfer.js';

/** A workflow as a file. */
export class WorkflowDocumentDto implements WorkflowDocument {
  @Choice([DOCUMENT_FORMAT], { description: 'What the document is.', example: DOCUMENT_FORMAT })
  readonly format!: string;

  @Int({ description: 'Version of this form.', example: DOCUMENT_VERSION, min: 1, max: DOCUMENT_VERSION })
  readonly version!: number;

  @Text(name)
  readonly name!: string;

  @Text({ ...description, optional: true })
  readonly description?: string;

  @TextList({ ...tags, optional: true })
  readonly tags?: readonly string[];

  @JsonObject(definition)
  readonly definition!: Record<string, unknown>;
}

export class ImportQuery {
  @Text({ ...name, description: 'Name to import it under; that of the document when absent.', optional: true })
  readonly name?: string;
}
