import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { declarationOf, DeclarationFault, type Declaration } from './declaration.js';

/** What a folder declares: whole files only, each for itself. */
export interface FolderContent {
  /** By name. */
  readonly tools: ReadonlyMap<string, Declaration>;
  /** A sentence for each file that declares nothing, or nothing more. */
  readonly faults: readonly string[];
}

const MAX_FILES = 200;
const MAX_BYTES = 65_536;

/** What the folder looks like from outside: another text when a file came, went or changed. @throws when it cannot be read */
export async function folderMark(directory: string): Promise<string> {
  const marks = (await filesOf(directory)).map(async (file) => {
    const found = await stat(join(directory, file)).catch(() => undefined);
    return found ? `${file} ${found.mtimeMs} ${found.size} ${found.ino}` : file;
  });
  return (await Promise.all(marks)).join('\n');
}

/** Of two files that declare the same name the first in the alphabet counts. @throws when the folder cannot be read */
export async function readFolder(directory: string): Promise<FolderContent> {
  const files = await filesOf(directory);
  const tools = new Map<string, Declaration>();
  const faults = files.slice(MAX_FILES).map((file) => `${file}: there are more than ${MAX_FILES} files`);
  for (const file of files.slice(0, MAX_FILES)) {
    try {
      const tool = await declarationOf(await textOf(join(directory, file)));
      if (tools.has(tool.name)) throw new DeclarationFault(`another file declares "${tool.name}"`);
      tools.set(tool.name, tool);
    } catch (error) {
      faults.push(
        `${file}: ${error instanceof DeclarationFault ? error.message : `it cannot be read (${codeOf(error)})`}`,
      );
    }
  }
  return { tools, faults };
}

const filesOf = async (directory: string): Promise<readonly string[]> =>
  (await readdir(directory)).filter((file) => file.endsWith('.json') && !file.startsWith('.')).toSorted();

async function textOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    if (!(await file.stat()).isFile()) throw new DeclarationFault('it is no file');
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_BYTES + 1), 0, MAX_BYTES + 1, 0);
    if (bytesRead > MAX_BYTES) throw new DeclarationFault(`it is larger than ${MAX_BYTES} bytes`);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

const codeOf = (error: unknown): string =>
  String((error as { readonly code?: unknown }).code ?? 'for an unknown reason');
