import type { ConfigurationClass, Setting } from './configuration.js';

/** The text of `.env.example`: every variable with its default, commented out. */
export function environmentExample(configurations: readonly ConfigurationClass[]): string {
  const sections = configurations.map(
    ({ section, settings }) =>
      `# ${section}\n${Object.values(settings)
        .map((declared) => `# ${declared.description}\n# ${declared.variable}=${sampleOf(declared)}`)
        .join('\n')}\n`,
  );
  return `# Every variable is optional. A secret may also be given as a file: NAME_FILE=/path.\n\n${sections.join('\n')}`;
}

/** The README's table of variables, as prettier formats it when wrapped in its ignore markers. */
export function environmentTable(configurations: readonly ConfigurationClass[]): string {
  const rows = configurations.flatMap(({ settings }) =>
    Object.values(settings).map(
      (declared) =>
        `| \`${declared.variable}\` | ${shown(declared)} | ${declared.description.replaceAll('|', '\\|')} |`,
    ),
  );
  return (
    [
      '<!-- prettier-ignore-start -->',
      '| variable | default | what for |',
      '| --- | --- | --- |',
      ...rows,
      '<!-- prettier-ignore-end -->',
    ].join('\n') + '\n'
  );
}

const shown = (declared: Setting): string =>
  declared.shownDefault ?? (sampleOf(declared) === '' ? '' : `\`${sampleOf(declared)}\``);

/** The default as text; empty when there is none, or when it is no plain value. */
function sampleOf({ schema, secret }: Setting): string {
  if (secret) return '';
  const parsed = schema.safeParse(undefined);
  if (!parsed.success || parsed.data === undefined || parsed.data === null) return '';
  const values: readonly unknown[] = Array.isArray(parsed.data) ? parsed.data : [parsed.data];
  return values.some((value) => typeof value === 'object') ? '' : values.join(',');
}
