import { readFileSync } from 'node:fs';
import { configurations, environmentFaults, type EnvironmentVariables } from './configuration.js';

/** The environment cannot be used; the message lists every fault. */
export class EnvironmentError extends Error {}

/**
 * Reads the process's environment: `NAME_FILE` variants of known variables are replaced by the file's content, and
 * every fault of every configuration class is reported at once. The only reader of `process.env`.
 * @throws EnvironmentError
 */
export function readEnvironment(source: EnvironmentVariables = process.env): EnvironmentVariables {
  const { environment, faults } = withFiles(source);
  const all = [...faults, ...environmentFaults(environment)];
  if (all.length > 0)
    throw new EnvironmentError(`The environment has ${all.length} fault(s):\n  - ${all.join('\n  - ')}`);
  return environment;
}

function withFiles(source: EnvironmentVariables): { environment: EnvironmentVariables; faults: string[] } {
  const environment: Record<string, string | undefined> = { ...source };
  const faults: string[] = [];
  for (const { variable } of configurations.flatMap(({ settings }) => Object.values(settings))) {
    const path = source[`${variable}_FILE`];
    if (!path) continue;
    if (source[variable]) {
      faults.push(`${variable}: set either ${variable} or ${variable}_FILE, not both`);
      continue;
    }
    try {
      environment[variable] = readFileSync(path, 'utf8').trimEnd();
    } catch (error) {
      faults.push(`${variable}_FILE: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`);
    }
  }
  return { environment, faults };
}
