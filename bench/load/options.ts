/** How long and how wide a load is. */
export interface LoadOptions {
  readonly seconds: number;
  readonly users: number;
  /** Folder that receives the report. */
  readonly reportDir: string;
}

const LONGEST_SECONDS = 3_600;
const MOST_USERS = 500;

/** Reads LOAD_SECONDS, LOAD_USERS and LOAD_REPORT_DIR. @throws with a sentence about the one that is wrong */
export function readLoadOptions(
  { LOAD_SECONDS, LOAD_USERS, LOAD_REPORT_DIR }: Readonly<Record<string, string | undefined>>,
  resultsDir: string,
): LoadOptions {
  return {
    seconds: whole('LOAD_SECONDS', LOAD_SECONDS, 60, LONGEST_SECONDS),
    users: whole('LOAD_USERS', LOAD_USERS, 50, MOST_USERS),
    reportDir: LOAD_REPORT_DIR || resultsDir,
  };
}

function whole(name: string, text: string | undefined, otherwise: number, most: number): number {
  const value = text ? Number(text) : otherwise;
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new Error(`${name} takes 1 to ${most}, not ${text}.`);
  return value;
}
