import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkSync } from 'recheck';
import ts from 'typescript';

interface Pattern {
  readonly where: string;
  readonly source: string;
  readonly flags: string;
}

/** The patterns that the sources write down. */
function literals(): readonly Pattern[] {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' });
  return files.filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts')).flatMap(literalsOf);
}

function literalsOf(name: string): readonly Pattern[] {
  const file = ts.createSourceFile(name, readFileSync(join('src', name), 'utf8'), ts.ScriptTarget.Latest);
  const found: Pattern[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      found.push({ where: name, source: node.text.slice(1, end), flags: node.text.slice(end + 1) });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** The patterns that modules put together when they are loaded. */
async function composed(modules: readonly string[]): Promise<readonly Pattern[]> {
  const found: Pattern[] = [];
  const { RegExp: original } = globalThis;
  globalThis.RegExp = new Proxy(original, {
    construct(target, [source, flags]: [string | RegExp, string?], newTarget) {
      const made = Reflect.construct(target, [source, flags], newTarget) as RegExp;
      found.push({ where: 'composed', source: made.source, flags: made.flags });
      return made;
    },
  });
  try {
    for (const module of modules) await import(module);
  } finally {
    globalThis.RegExp = original;
  }
  return found;
}

describe('the patterns of the sources', () => {
  it('take linear time on any text', async () => {
    const patterns = [
      ...(await composed([
        '../../src/security/redaction/redact-value.js',
        '../../src/security/redaction/redaction-stream.js',
      ])),
      ...literals(),
    ];
    const distinct = [
      ...new Map(patterns.map((pattern) => [`/${pattern.source}/${pattern.flags}`, pattern])).entries(),
    ];
    expect(distinct.length).toBeGreaterThan(100);
    const faults = distinct.flatMap(([text, { where, source, flags }]) => {
      const result = checkSync(source, flags.replace(/[gdy]/g, ''), { timeout: 5_000, recallTimeout: -1 });
      if (result.status === 'vulnerable') return [`${where}: ${text} (${result.complexity.summary})`];
      return [];
    });
    expect(faults).toEqual([]);
  }, 600_000);
});
