import { Choice, Flag, Int, Nested, Num, Text, TextList } from '../platform/http/fields.js';
import { pageOf } from '../platform/http/page.js';
import type { OfferedModel, OfferedProvider } from './llm.service.js';

export class ModelCapabilitiesDto {
  @Flag({ description: 'Calls tools.', example: true })
  readonly tools!: boolean;

  @Flag({ description: 'Answers as JSON that follows a schema.', example: true })
  readonly structuredOutput!: boolean;

  @Flag({ description: 'Reads images.', example: false })
  readonly vision!: boolean;
}

export class ModelPriceDto {
  @Num({ description: 'Price of a million input tokens.', min: 0, example: 0.4 })
  readonly inputPerMillion!: number;

  @Num({ description: 'Price of a million output tokens.', min: 0, example: 1.6 })
  readonly outputPerMillion!: number;

  @Choice(['USD'], { description: 'Currency of the prices.', example: 'USD' })
  readonly currency!: 'USD';
}

export class ModelDto {
  @Text({
    description: 'The name to use in requests: "provider:model".',
    min: 1,
    max: 300,
    example: 'openai:gpt-4.1-mini',
  })
  readonly id!: string;

  @Text({ description: 'The provider that offers it.', min: 1, max: 100, example: 'openai' })
  readonly provider!: string;

  @Text({ description: 'The name at the provider.', min: 1, max: 200, example: 'gpt-4.1-mini' })
  readonly name!: string;

  @Text({ description: 'The name for people.', min: 1, max: 200, example: 'GPT-4.1 mini' })
  readonly title!: string;

  @Int({ description: 'Most tokens of input and output together.', min: 1, example: 1_047_576 })
  readonly contextWindow!: number;

  @Int({ description: 'Most tokens of an answer; null when not known.', min: 1, nullable: true, example: 32_768 })
  readonly maxOutputTokens!: number | null;

  @Nested(() => ModelCapabilitiesDto, { description: 'What the model can do.' })
  readonly capabilities!: ModelCapabilitiesDto;

  @Nested(() => ModelPriceDto, { description: 'What it costs; null when not known.', nullable: true })
  readonly price!: ModelPriceDto | null;

  @Flag({ description: 'Serves requests that name no model.', example: true })
  readonly default!: boolean;

  static of({ id, provider, model, description, price, isDefault }: OfferedModel): ModelDto {
    const { title = model, contextWindow, maxOutputTokens = null, capabilities } = description;
    const { tools, structuredOutput, vision = false } = capabilities;
    return {
      id,
      provider,
      name: model,
      title,
      contextWindow,
      maxOutputTokens,
      capabilities: { tools, structuredOutput, vision },
      price,
      default: isDefault,
    };
  }
}

export class ModelPageDto extends pageOf(ModelDto) {}

export class ProviderDto {
  @Text({ description: "The prefix of its models' names.", min: 1, max: 100, example: 'openai' })
  readonly name!: string;

  @Text({ description: 'The name for people.', min: 1, max: 200, example: 'OpenAI' })
  readonly title!: string;

  @Flag({ description: 'Ready for requests of the workspace.', example: true })
  readonly configured!: boolean;

  @Flag({ description: 'Called with a key of the workspace, which goes before the server’s.', example: false })
  readonly ownKey!: boolean;

  @TextList({
    description: 'The environment variables that configure it; empty when it needs none.',
    maxItems: 10,
    maxLength: 100,
    example: ['OPENAI_API_KEY'],
  })
  readonly configuredBy!: readonly string[];

  @Flag({ description: 'Offers the default model.', example: true })
  readonly default!: boolean;

  static of({ isDefault, hasOwnKey, ...provider }: OfferedProvider): ProviderDto {
    return { ...provider, ownKey: hasOwnKey, default: isDefault };
  }
}

export class ProviderPageDto extends pageOf(ProviderDto) {}
