import { ApiProperty } from '@nestjs/swagger';
import {
  Choice,
  Flag,
  Int,
  JsonObject,
  JsonValue,
  Nested,
  QueryInt,
  Text,
  TextList,
  Time,
} from '../../platform/http/fields.js';
import { pageOf } from '../../platform/http/page.js';
import type { Definition } from '../definition/definition.js';
import { FILE_FORMAT, FILE_VERSION, MAX_DEFINITION_BYTES, MAX_PARAMETER_BYTES } from './custom-template.js';
import type { ParameterSchema } from './parameter-rules.js';
import type { Requirements } from './requirements.js';
import type { ParameterCheck, ParameterViolation, TemplateSummary, TemplateView } from './template.view.js';

const NAMES = { maxItems: 100, maxLength: 64 };

const name = {
  description:
    'Its name as "workflow": a small letter, then small letters, digits, _ and -. Not that of another template.',
  example: 'house_support',
  min: 1,
  max: 64,
};
const title = { description: 'What lists show; the name when absent.', example: 'House support', min: 1, max: 200 };
const description = { description: 'What it is for.', example: 'Support in our own voice.', max: 2000 };
const base = {
  description: 'The template whose definition and defaults it takes over, built in or not: its newest version, always.',
  example: 'customer_support',
  min: 1,
  max: 64,
};
const parameters = {
  description: 'Defaults, merged deeply over those it inherits: lists and values replace, null takes a default away.',
  example: { memoryWindow: 30 },
  maxBytes: MAX_PARAMETER_BYTES,
};
const locked = {
  description: 'Parameters that neither callers nor heirs change.',
  example: ['memoryWindow'],
  ...NAMES,
};
const definition = {
  description:
    'A definition of its own, instead of extending a template. Parameters are members of the input, {{input.x}}.',
  maxBytes: MAX_DEFINITION_BYTES,
};
const parameterSchema = {
  description:
    'JSON Schema of the parameters of its own definition: an object with properties, without patterns, references and combinations of schemas.',
  maxBytes: MAX_PARAMETER_BYTES,
};
const given = {
  description: 'Parameters, merged deeply over the defaults of the template.',
  example: { temperature: 0.2 },
};

export class UpdateTemplateDto {
  @Text({ ...title, optional: true })
  readonly title?: string;

  @Text({ ...description, optional: true })
  readonly description?: string;

  @Text({ ...base, optional: true })
  readonly extends?: string;

  @JsonObject({ ...parameters, optional: true })
  readonly parameters?: Record<string, unknown>;

  @TextList({ ...locked, optional: true })
  readonly locked?: readonly string[];

  @JsonObject({ ...definition, optional: true })
  readonly definition?: Record<string, unknown>;

  @JsonObject({ ...parameterSchema, optional: true })
  readonly parameterSchema?: Record<string, unknown>;
}

export class CreateTemplateDto extends UpdateTemplateDto {
  @Text(name)
  readonly name!: string;
}

export class TemplateVersionQuery {
  @QueryInt({ description: 'The version; the newest when absent.', min: 1, max: 999_999_999, optional: true })
  readonly version?: number;
}

export class ValidateTemplateDto {
  @JsonObject({ ...given, optional: true })
  readonly parameters?: Record<string, unknown>;
}

export class InstantiateTemplateDto extends ValidateTemplateDto {
  @Text({ description: 'Name of the workflow.', example: 'night-shift', min: 1, max: 200 })
  readonly name!: string;

  @Text({ ...description, description: 'What the workflow is for.', optional: true })
  readonly description?: string;
}

/** What export answers is what import takes. */
export class TemplateFileDto {
  @Choice([FILE_FORMAT], { description: 'What the file is.', example: FILE_FORMAT })
  readonly format!: typeof FILE_FORMAT;

  @Int({ description: 'Version of this form.', example: FILE_VERSION, min: FILE_VERSION, max: FILE_VERSION })
  readonly version!: typeof FILE_VERSION;

  @JsonValue({
    description: 'The template, as it is made, after those of the workspace that it extends.',
    example: [{ name: 'house_support', extends: 'customer_support', parameters: { memoryWindow: 30 } }],
  })
  readonly templates!: unknown;
}

export class TemplateSummaryDto implements TemplateSummary {
  @Text(name)
  readonly name!: string;

  @TextList({ description: 'Other names of it.', ...NAMES })
  readonly aliases!: readonly string[];

  @Text(title)
  readonly title!: string;

  @Text(description)
  readonly description!: string;

  @Flag({ description: 'Whether every workspace has it, and none changes it.' })
  readonly builtIn!: boolean;

  @Text({ ...base, optional: true })
  readonly extends?: string;

  @Int({ description: 'The version shown; built-in templates have none.', min: 1, optional: true })
  readonly version?: number;

  @Time({ description: 'When the template was made.', optional: true })
  readonly createdAt?: string;

  @Time({ description: 'When this version was made.', optional: true })
  readonly updatedAt?: string;
}

export class TemplatePageDto extends pageOf(TemplateSummaryDto) {}

class TemplateRequirementsDto implements Requirements {
  @Flag({ description: 'Whether it can be run as it is.' })
  readonly met!: boolean;

  @TextList({ description: 'Tools it needs that are not there.', ...NAMES })
  readonly missingTools!: readonly string[];

  @TextList({ description: 'Collections it needs that are not there.', ...NAMES })
  readonly missingCollections!: readonly string[];

  @TextList({ description: 'Node types it needs that this server lacks.', ...NAMES })
  readonly missingNodeTypes!: readonly string[];
}

export class TemplateDto extends TemplateSummaryDto implements TemplateView {
  @Int({ description: 'The newest version; name@version runs any.', min: 1, optional: true })
  readonly latestVersion?: number;

  @JsonObject({ ...parameters, description: 'Defaults that the template sets itself.' })
  readonly parameters!: Readonly<Record<string, unknown>>;

  @JsonObject({ description: 'Defaults that hold: its own and those it inherits.', example: { memoryWindow: 30 } })
  readonly defaults!: Readonly<Record<string, unknown>>;

  @TextList({ ...locked, description: 'Parameters that no caller changes, inherited ones included.' })
  readonly locked!: readonly string[];

  @JsonObject({ description: 'JSON Schema of the parameters with the defaults that hold.' })
  readonly parameterSchema!: ParameterSchema;

  @JsonObject({ ...definition, description: 'The definition, of a template that extends none.', optional: true })
  readonly definition?: Definition;

  @Nested(() => TemplateRequirementsDto, {
    description: 'What it needs with its defaults, and what of that is missing.',
  })
  readonly requirements!: TemplateRequirementsDto;
}

class ParameterViolationDto implements ParameterViolation {
  @Text({ description: 'The kind of fault.', max: 64, example: 'parameter-not-fitting' })
  readonly code!: string;

  @Choice(['error', 'warning'], { description: 'An error keeps the template from being built.', example: 'error' })
  readonly severity!: 'error' | 'warning';

  @Text({ description: 'JSON pointer into the request.', max: 1000, example: '/parameters/memoryWindow' })
  readonly pointer!: string;

  @Text({ description: 'What is wrong.', max: 1000, example: 'Too big: expected number to be <=100' })
  readonly message!: string;

  @Text({ description: 'What to do.', max: 1000, example: 'The parameterSchema of the template says what it takes.' })
  readonly hint!: string;
}

export class ParameterCheckDto implements ParameterCheck {
  @Flag({ description: 'Whether the template can be built from the parameters.' })
  readonly valid!: boolean;

  @ApiProperty({ type: ParameterViolationDto, isArray: true, description: 'All faults at once.' })
  readonly violations!: readonly ParameterViolationDto[];

  @JsonObject({ description: 'The parameters over the defaults.', example: { memoryWindow: 30 } })
  readonly parameters!: Readonly<Record<string, unknown>>;

  @Nested(() => TemplateRequirementsDto, { description: 'What the template needs with these parameters.' })
  readonly requirements!: TemplateRequirementsDto;
}
