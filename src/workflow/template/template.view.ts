import type { TemplateContent } from './custom-template.js';
import type { Members, ParameterSchema } from './parameter-rules.js';
import type { Requirements } from './requirements.js';
import type { TemplateRow } from './template.repository.js';
import type { TemplateOptions } from './template.js';

/** A template as lists show it. */
export interface TemplateSummary {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly title: string;
  readonly description: string;
  readonly builtIn: boolean;
  /** Of a workspace's own template. */
  readonly extends?: string;
  readonly version?: number;
  readonly createdAt?: string;
  readonly updatedAt?: string;
}

/** A template as it is shown alone. */
export interface TemplateView extends TemplateSummary, Pick<TemplateContent, 'definition'> {
  readonly latestVersion?: number;
  /** What the template itself sets. */
  readonly parameters: Members;
  /** That, with all it inherits. */
  readonly defaults: Members;
  readonly locked: readonly string[];
  readonly parameterSchema: ParameterSchema;
  readonly requirements: Requirements;
}

/** What parameters come to, held against a template. */
export interface ParameterCheck {
  readonly valid: boolean;
  readonly violations: readonly ParameterViolation[];
  /** With the template's defaults. */
  readonly parameters: Members;
  readonly requirements: Requirements;
}

export interface ParameterViolation {
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly pointer: string;
  readonly message: string;
  readonly hint: string;
}

export const summaryOfBuiltIn = ({ name, aliases = [], title, description }: TemplateOptions): TemplateSummary => ({
  name,
  aliases,
  title,
  description,
  builtIn: true,
});

/** Without a title, its name is one. */
export const summaryOfRow = ({ name, version, content, createdAt, updatedAt }: TemplateRow): TemplateSummary => ({
  name,
  aliases: [],
  title: content.title ?? name,
  description: content.description ?? '',
  builtIn: false,
  extends: content.extends,
  version,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
});
