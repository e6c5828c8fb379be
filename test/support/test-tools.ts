import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { Tool, type ToolContext, type ToolExecutor } from '../../src/tool/tool.js';

/** What a test tool was called with, in order. */
interface Recorded<Arguments> {
  readonly args: Arguments;
  readonly context: ToolContext;
}

const TextArguments = z.strictObject({ text: z.string().max(1_000).describe('Any text.') });
type TextArguments = z.output<typeof TextArguments>;

/** Answers with what it was given. */
@Injectable()
@Tool({
  name: 'test_echo',
  title: 'Echo',
  description: 'Repeats a text.',
  arguments: TextArguments,
  risk: 'low',
  effect: 'read',
})
export class EchoTool implements ToolExecutor<TextArguments> {
  readonly calls: Recorded<TextArguments>[] = [];

  async call(args: TextArguments, context: ToolContext): Promise<unknown> {
    this.calls.push({ args, context });
    return { echo: args.text };
  }
}

/** Does what the test tells it to. */
@Injectable()
@Tool({
  name: 'test_any',
  title: 'Anything',
  description: 'Does whatever a test needs.',
  arguments: z.strictObject({ input: z.string().default('none').describe('Any text.') }),
  risk: 'medium',
  effect: 'once',
})
export class AnyTool implements ToolExecutor<{ readonly input: string }> {
  act: (args: { readonly input: string }, context: ToolContext) => unknown = () => null;

  async call(args: { readonly input: string }, context: ToolContext): Promise<unknown> {
    return this.act(args, context);
  }
}

/** Removes what the test says: its name makes each call one of high risk. */
@Injectable()
@Tool({
  name: 'test_delete',
  title: 'Delete',
  description: 'Deletes a thing.',
  arguments: z.strictObject({ id: z.string().max(100).describe('Which.') }),
  risk: 'low',
  effect: 'once',
})
export class DeleteTool implements ToolExecutor<{ readonly id: string }> {
  readonly deleted: string[] = [];

  async call({ id }: { readonly id: string }): Promise<unknown> {
    this.deleted.push(id);
    return { deleted: id };
  }
}
