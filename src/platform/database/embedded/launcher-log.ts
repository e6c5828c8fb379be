/** Where the launcher reports what it does; pino's logger is one. */
export interface LauncherLog {
  info(message: string): void;
  warn(message: string): void;
}

export const SILENT: LauncherLog = { info: () => undefined, warn: () => undefined };
