import { Injectable } from '@nestjs/common';
import { requirementsUnmet } from '../workflow.errors.js';
import { blueprintOfDefinition, derived, type Blueprint } from './blueprint.js';
import { TEMPLATE_NAME } from './custom-template.js';
import { TemplateRegistry, type BuiltInTemplate } from './template.registry.js';
import { TemplateRepository, type TemplateKey, type TemplateRow } from './template.repository.js';

/** A template as it is found by its name: built in, or a version of a workspace's own. */
export type FoundTemplate =
  | {
      readonly name: string;
      readonly blueprint: Blueprint;
      readonly builtIn: BuiltInTemplate;
      readonly row?: undefined;
    }
  | { readonly name: string; readonly blueprint: Blueprint; readonly row: TemplateRow; readonly builtIn?: undefined };

/** All templates a workspace has, with what they inherit. */
@Injectable()
export class TemplateCatalogue {
  constructor(
    private readonly builtIns: TemplateRegistry,
    private readonly templates: TemplateRepository,
  ) {}

  /**
   * Undefined when there is no such template, or not that version of it; built-in ones have no versions.
   * @throws Problem requirements-unmet when a template that it extends is gone
   */
  async find(key: TemplateKey): Promise<FoundTemplate | undefined> {
    const builtIn = this.builtIns.get(key.name);
    if (builtIn)
      return key.version === undefined ? { name: builtIn.name, blueprint: builtIn.blueprint, builtIn } : undefined;
    if (!TEMPLATE_NAME.test(key.name)) return undefined;
    const [row, ...ancestors] = await this.templates.chain(key);
    return row && { name: row.name, blueprint: this.blueprintOf(row, ancestors), row };
  }

  /** Of a version of a template, after what it extends. @throws Problem requirements-unmet when the last of it is gone */
  blueprintOf({ name, content }: TemplateRow, [next, ...further]: readonly TemplateRow[]): Blueprint {
    if (content.definition) return blueprintOfDefinition(content.definition, content);
    const base = next ? this.blueprintOf(next, further) : this.builtIns.get(content.extends ?? '')?.blueprint;
    if (base) return derived(base, content);
    throw requirementsUnmet(`Template "${name}" extends "${content.extends}", which is there no more.`, {
      extensions: { missingTemplates: [content.extends] },
    });
  }
}
