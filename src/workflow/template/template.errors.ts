import { conflict, notFound } from '../../platform/problem/http.errors.js';
import type { Problem } from '../../platform/problem/problem.js';

export const noTemplate = (name: string, version?: number): Problem =>
  notFound(
    version === undefined
      ? `There is no template "${name}" in this workspace.`
      : `There is no version ${version} of a template "${name}" in this workspace.`,
  );

export const builtInStays = (name: string): Problem =>
  conflict(`Template "${name}" is built in and the same everywhere. Make one of your own that extends it.`);

export const nameTaken = (name: string): Problem =>
  conflict(`There is a template "${name}" already. Choose another name, or change that template.`);

export const othersExtend = (name: string, heirs: readonly string[]): Problem =>
  conflict(`Template "${name}" is extended by ${heirs.join(', ')}. Delete them, or have them extend another, first.`, {
    extensions: { extendedBy: heirs },
  });

export const wouldBreak = (name: string, heirs: readonly string[]): Problem =>
  conflict(
    `This version of template "${name}" would not fit ${heirs.join(', ')}, which extend it. Change them first, or keep what they use.`,
    { extensions: { extendedBy: heirs } },
  );

export const tooManyTemplates = (most: number): Problem =>
  conflict(`The workspace has ${most} templates of its own, which is the most. Delete one that is not used.`);
