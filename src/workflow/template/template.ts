import type { z } from 'zod';
import { pluginKind } from '../../platform/plugin/plugin.registry.js';
import type { Definition } from '../definition/definition.js';

export interface TemplateOptions {
  /** The name callers use as `workflow`. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly title: string;
  readonly description: string;
  /** What may be said, without defaults: null must be able to take a default away. */
  readonly parameters: z.ZodObject;
  /** What holds for what is not said. Makes `parameters` whole. */
  readonly defaults: Readonly<Record<string, unknown>>;
}

/** Makes a class a template: parameters in, an ordinary definition out. */
export const Template = pluginKind<TemplateOptions>('template');

export interface TemplateBuilder<Parameters = unknown> {
  /** `systemMessage` is a reference to the run's input, if anything: free text is never part of the definition's nodes. */
  build(parameters: Parameters): Definition;
}
