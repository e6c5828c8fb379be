import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { argumentFaults } from '../tool-arguments.js';
import { ToolSource, type OfferedTool, type ToolOffering } from '../tool-source.js';
import { folderMark, readFolder, type FolderContent } from './declaration-folder.js';
import type { Declaration } from './declaration.js';
import { DeclaredCalls } from './declared-calls.js';
import { DeclaredToolConfig } from './declared.config.js';

/** How often the folder is looked at. What has changed is read at the second look that finds it the same. */
const LOOK_EVERY_MS = 1_000;

/** The tools that the operator's folder declares, the same in every workspace; read anew while the server runs. */
@Injectable()
@ToolSource()
export class DeclaredTools implements ToolOffering, OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('DeclaredTools');
  private tools: ReadonlyMap<string, OfferedTool> = new Map();
  private timer: NodeJS.Timeout | undefined;
  private seen: string | undefined;
  private read: string | undefined;

  constructor(
    private readonly config: DeclaredToolConfig,
    private readonly calls: DeclaredCalls,
  ) {}

  async onModuleInit(): Promise<void> {
    if (this.config.directory === undefined) return;
    this.seen = await this.look(this.config.directory);
    await this.catchUp(this.config.directory);
    this.lookAgain(this.config.directory);
  }

  onModuleDestroy(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  async list(): Promise<readonly OfferedTool[]> {
    return [...this.tools.values()];
  }

  async find(_workspaceId: string, name: string): Promise<OfferedTool | undefined> {
    return this.tools.get(name);
  }

  private lookAgain(directory: string): void {
    this.timer = setTimeout(
      () => void this.catchUp(directory).finally(() => this.timer && this.lookAgain(directory)),
      LOOK_EVERY_MS,
    );
    this.timer.unref();
  }

  /** Reads what has changed, once nothing changes any more: no file is read while it is being written. */
  private async catchUp(directory: string): Promise<void> {
    const mark = await this.look(directory);
    const isSettled = mark === this.seen;
    this.seen = mark;
    if (!isSettled || mark === this.read) return;
    this.read = mark;
    this.take(directory, mark === UNREADABLE ? NOTHING : await readFolder(directory).catch(() => NOTHING));
  }

  private async look(directory: string): Promise<string> {
    return folderMark(directory).catch(() => UNREADABLE);
  }

  private take(directory: string, { tools, faults }: FolderContent): void {
    this.tools = new Map([...tools].map(([name, tool]) => [name, this.offered(tool)]));
    for (const fault of faults) this.logger.error(`A file of ${directory} is left out. ${fault}`);
    if (this.read === UNREADABLE) this.logger.error(`The folder ${directory} (TOOLS_DIR) cannot be read.`);
    else this.logger.log(`${tools.size} tools are declared in ${directory}.`);
  }

  private offered(tool: Declaration): OfferedTool {
    const { name, title = name, description, method, parameters, timeoutMs } = tool;
    const { risk = method === 'GET' ? 'low' : 'medium', effect = EFFECTS[method] } = tool;
    return {
      name,
      title,
      description,
      parameters,
      risk,
      effect,
      timeoutMs,
      source: { kind: 'declared' },
      unavailable: this.calls.lack(tool),
      parse: async (args) => parsed(tool, args),
      call: (args, context) => this.calls.call(tool, args as Members, context),
    };
  }
}

type Members = Readonly<Record<string, unknown>>;

const UNREADABLE = '\0';
const NOTHING: FolderContent = { tools: new Map(), faults: [] };

/** What HTTP says of its methods (RFC 9110, 9.2), unless the file says otherwise. */
const EFFECTS = { GET: 'read', PUT: 'idempotent', DELETE: 'idempotent', POST: 'once', PATCH: 'once' } as const;

function parsed({ name, check }: Declaration, args: unknown): unknown {
  const faults = check(args);
  if (faults.length > 0) throw argumentFaults(name, faults);
  return args;
}
