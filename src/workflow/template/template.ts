import type { z } from 'zod';
import { pluginKind } from '../../platform/plugin/plugin.registry.js';
import type { Definition } from '../definition/definition.js';

export interface TemplateOptions {
  /** The name callers use as `workflow`. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly title: string;
  readonly description: string;
  readonly parameters: z.ZodType;
}

/** Makes a class a template: parameters in, an ordinary definition out. */
export const Template = pluginKind<TemplateOptions>('template');

export interface TemplateBuilder<Parameters = unknown> {
  build(parameters: Parameters): Definition;
}
