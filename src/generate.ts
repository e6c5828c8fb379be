import { readFile, writeFile } from 'node:fs/promises';
import { createApplication } from './application.js';
import { configurations } from './platform/config/configuration.js';
import { environmentExample, environmentTable } from './platform/config/environment-reference.js';
import { problemReference } from './platform/problem/problem-reference.js';
import { apiDocument } from './openapi.js';

/** Writes the generated files, or with `--check` fails when one of them is not what it would write. */

const START = '<!-- environment:start -->';
const END = '<!-- environment:end -->';

async function generated(): Promise<ReadonlyMap<string, string>> {
  const app = await createApplication({ LOG_LEVEL: 'silent' }, { preview: true });
  const document = apiDocument(app);
  const readme = await readFile('README.md', 'utf8');
  return new Map([
    ['openapi.json', `${JSON.stringify(document, null, 2)}\n`],
    ['.env.example', environmentExample(configurations)],
    ['docs/problems.md', problemReference()],
    ['README.md', withTable(readme)],
  ]);
}

/** The table of settings between its two marks. */
function withTable(readme: string): string {
  const [start, end] = [readme.indexOf(START), readme.lastIndexOf(END)];
  if (start < 0 || end < start) return readme;
  return `${readme.slice(0, start)}${START}\n\n${environmentTable(configurations)}\n${readme.slice(end)}`;
}

async function main(check: boolean): Promise<void> {
  const stale: string[] = [];
  for (const [path, content] of await generated()) {
    if ((await readFile(path, 'utf8').catch(() => undefined)) === content) continue;
    stale.push(path);
    if (!check) await writeFile(path, content);
  }
  const fault = check && stale.length > 0;
  process.stdout.write(
    stale.length === 0 ? 'Generated files are up to date.\n' : `${fault ? 'Stale' : 'Wrote'}: ${stale.join(', ')}\n`,
  );
  if (fault) process.stdout.write('Run `npm run openapi` and commit the result.\n');
  process.exit(fault ? 1 : 0);
}

await main(process.argv.includes('--check'));
