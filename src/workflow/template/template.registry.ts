import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PluginRegistry } from '../../platform/plugin/plugin.registry.js';
import { Template, type TemplateBuilder, type TemplateOptions } from './template.js';

export interface RegisteredTemplate extends TemplateOptions {
  readonly builder: TemplateBuilder;
}

/** The built-in templates by name and alias. */
@Injectable()
export class TemplateRegistry implements OnModuleInit {
  private readonly templates = new Map<string, RegisteredTemplate>();

  constructor(private readonly plugins: PluginRegistry) {}

  onModuleInit(): void {
    for (const { plugin, options } of this.plugins.find<TemplateBuilder, TemplateOptions>(Template)) {
      for (const name of [options.name, ...(options.aliases ?? [])]) {
        if (this.templates.has(name)) throw new Error(`Two templates are named "${name}".`);
        this.templates.set(name, { ...options, builder: plugin });
      }
    }
  }

  get(name: string): RegisteredTemplate | undefined {
    return this.templates.get(name);
  }
}
