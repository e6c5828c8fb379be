import { existsSync, readFileSync } from 'node:fs';
import { ROOT } from '../support/dockerfile.js';

interface Row {
  readonly what: string;
  readonly where: readonly string[];
  readonly proof: readonly string[];
}

const PATH = /^[\w.-]+(\/[\w.-]+)*$/;
const text = readFileSync(`${ROOT}docs/architecture.md`, 'utf8').split('## What is where')[1] ?? '';

const quoted = (cell: string): readonly string[] => Array.from(cell.matchAll(/`([^`]+)`/g), ([, inside]) => inside!);

const rows: readonly Row[] = text
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (what|---|\*\*)/.test(line))
  .map((line) => {
    const [what = '', where = '', proof = ''] = line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, ''));
    return { what, where: quoted(where), proof: quoted(proof) };
  });

describe('the table of what is where', () => {
  it('has rows of three filled columns', () => {
    expect(rows.length).toBeGreaterThan(40);
    for (const { what, where, proof } of rows) {
      expect([what, where.length > 0, proof.length > 0]).toEqual([what, true, true]);
      for (const path of [...where, ...proof]) expect(path).toMatch(PATH);
    }
  });

  it.each(rows.map((row) => [row.what.slice(0, 60), row] as const))('names files that exist: %s', (_, row) => {
    expect([...row.where, ...row.proof].filter((path) => !existsSync(ROOT + path))).toEqual([]);
    for (const path of row.proof) expect(path).toMatch(/\.spec\.ts$|^\.ci\/run$/);
  });

  it('names classes that are in the file beside them', () => {
    for (const { what, where } of rows) {
      const sources = where.map((path) => readFileSync(ROOT + path, 'utf8')).join('\n');
      for (const name of quoted(what).filter((one) => /^[A-Z]\w+$/.test(one)))
        expect(sources).toContain(`class ${name}`);
    }
  });

  it('leaves out no route of the OpenAPI document', () => {
    const { paths } = JSON.parse(readFileSync(`${ROOT}openapi.json`, 'utf8')) as { readonly paths: object };
    const routes = new Set(Object.keys(paths).map((path) => /^(?:\/api\/v1)?(\/[^/]+)/.exec(path)![1]!));
    const named = rows.flatMap(({ what }) => quoted(what)).filter((one) => one.startsWith('/'));
    expect([...routes].filter((route) => !named.some((one) => one === route || one.startsWith(`${route}/`)))).toEqual(
      [],
    );
  });
});
