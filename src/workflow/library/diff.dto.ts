import { ApiProperty } from '@nestjs/swagger';
import { Choice, Flag, JsonValue, Nested, Text } from '../../platform/http/fields.js';
import type { EdgeDefinition } from '../definition/definition.js';
import type {
  ChangedEntry,
  DefinitionDiff,
  EdgesDiff,
  EntriesDiff,
  Entry,
  EntryChanges,
  OrderedEntriesDiff,
} from './definition-diff.js';
import type { ValueChange } from './value-changes.js';
import type { VersionReference } from './workflow.js';

const KINDS = ['graph', 'conditional', 'composite'] as const;
const REFERENCE = { max: 10, pattern: /^(?:draft|[1-9]\d{0,8})$/, patternHint: 'must be a version or "draft"' };

export class DiffQuery {
  @Text({ description: 'What to compare from: a version, or "draft".', example: '2', ...REFERENCE })
  readonly from!: string;

  @Text({ description: 'What to compare to: a version, or "draft".', example: 'draft', ...REFERENCE })
  readonly to!: string;
}

/** What a {@link DiffQuery} names. */
export const toReference = (text: string): VersionReference => (text === 'draft' ? text : Number(text));

class ValueChangeDto implements ValueChange {
  @Text({ description: 'JSON pointer into what changed.', max: 10_000, example: '/config/prompt' })
  readonly pointer!: string;

  @JsonValue({ description: 'The value before; absent when there was none.', optional: true, example: 'Hello' })
  readonly before?: unknown;

  @JsonValue({ description: 'The value after; absent when there is none.', optional: true, example: 'Hello there' })
  readonly after?: unknown;
}

const changes = {
  type: ValueChangeDto,
  isArray: true,
  description:
    'Each place that differs; lists of different lengths, and what differs in more than 100 places, are one place.',
};

class EntryChangesDto implements EntryChanges {
  @ApiProperty(changes)
  readonly changes!: readonly ValueChangeDto[];

  @Nested(() => DefinitionDiffDto, { description: 'How the definition it holds differs.', optional: true })
  readonly definition?: DefinitionDiff;
}

class ChangedEntryDto extends EntryChangesDto implements ChangedEntry {
  @Text({ description: 'Id of the node, branch or child.', max: 64, example: 'answer' })
  readonly id!: string;
}

const wholes = { type: 'object' as const, additionalProperties: true };

class EntriesDiffDto implements EntriesDiff {
  @ApiProperty({ type: 'array', items: wholes, description: 'Those whose ids are new, as they are.' })
  readonly added!: readonly Entry[];

  @ApiProperty({ type: 'array', items: wholes, description: 'Those whose ids are gone, as they were.' })
  readonly removed!: readonly Entry[];

  @ApiProperty({ type: ChangedEntryDto, isArray: true, description: 'Those on both sides that differ.' })
  readonly changed!: readonly ChangedEntryDto[];
}

class OrderDto {
  @ApiProperty({ type: [String], description: 'All ids in their order before.', example: ['a', 'b'] })
  readonly before!: readonly string[];

  @ApiProperty({ type: [String], description: 'All ids in their order after.', example: ['b', 'a'] })
  readonly after!: readonly string[];
}

class OrderedEntriesDiffDto extends EntriesDiffDto implements OrderedEntriesDiff {
  @Nested(() => OrderDto, { description: 'When those on both sides come in another order.', optional: true })
  readonly order?: OrderDto;
}

class EdgesDiffDto implements EdgesDiff {
  @ApiProperty({ type: 'array', items: wholes, description: 'Edges that are new.' })
  readonly added!: readonly EdgeDefinition[];

  @ApiProperty({ type: 'array', items: wholes, description: 'Edges that are gone.' })
  readonly removed!: readonly EdgeDefinition[];
}

class KindChangeDto {
  @Choice(KINDS, { description: 'The kind before.', example: 'graph' })
  readonly before!: (typeof KINDS)[number];

  @Choice(KINDS, { description: 'The kind after.', example: 'composite' })
  readonly after!: (typeof KINDS)[number];
}

export class DefinitionDiffDto implements DefinitionDiff {
  @Flag({ description: 'Whether nothing differs, but for the order of nodes and edges.', example: false })
  readonly isEqual!: boolean;

  @Nested(() => KindChangeDto, {
    description: 'When it became one of another kind: the parts of the old are removed, those of the new added.',
    optional: true,
  })
  readonly kind?: KindChangeDto;

  @Nested(() => EntriesDiffDto, { description: 'Nodes of a graph, by id.' })
  readonly nodes!: EntriesDiffDto;

  @Nested(() => EdgesDiffDto, { description: 'Edges of a graph.' })
  readonly edges!: EdgesDiffDto;

  @Nested(() => OrderedEntriesDiffDto, { description: 'Branches of a conditional, by id.' })
  readonly branches!: OrderedEntriesDiffDto;

  @Nested(() => OrderedEntriesDiffDto, { description: 'Children of a composite, by id.' })
  readonly children!: OrderedEntriesDiffDto;

  @Nested(() => EntryChangesDto, { description: 'What runs when nothing matches.', optional: true })
  readonly default?: EntryChangesDto;

  @ApiProperty({ ...changes, description: 'Everything else that differs, such as name, input, output or strategy.' })
  readonly members!: readonly ValueChangeDto[];
}
