import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PluginRegistry } from '../../platform/plugin/plugin.registry.js';
import { blueprintOfBuiltIn, type Blueprint } from './blueprint.js';
import { Template, type TemplateBuilder, type TemplateOptions } from './template.js';

/** A template that every workspace has. */
export interface BuiltInTemplate extends TemplateOptions {
  readonly blueprint: Blueprint;
}

/** The built-in templates by name and alias. */
@Injectable()
export class TemplateRegistry implements OnModuleInit {
  private readonly templates = new Map<string, BuiltInTemplate>();

  constructor(private readonly plugins: PluginRegistry) {}

  onModuleInit(): void {
    for (const { plugin, options } of this.plugins.find<TemplateBuilder, TemplateOptions>(Template)) {
      const template = { ...options, blueprint: blueprintOfBuiltIn(options, plugin) };
      for (const name of [options.name, ...(options.aliases ?? [])]) {
        if (this.templates.has(name)) throw new Error(`Two templates are named "${name}".`);
        this.templates.set(name, template);
      }
    }
  }

  get(name: string): BuiltInTemplate | undefined {
    return this.templates.get(name);
  }

  /** By name. */
  all(): readonly BuiltInTemplate[] {
    return [...new Set(this.templates.values())].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}
