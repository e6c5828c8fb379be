import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Instruction {
  /** In upper case. */
  readonly name: string;
  /** Everything behind it, on one line. */
  readonly text: string;
}

export interface Stage {
  readonly image: string;
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  readonly stages: readonly Stage[];
  /** What runs in the end. */
  readonly final: Stage;
}

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const textOfDockerfile = (): string => readFileSync(`${ROOT}docker/Dockerfile`, 'utf8');

/** The stages of a Dockerfile, its arguments of images filled in. @throws Error when it is none */
export function parseDockerfile(text: string): Dockerfile {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n');
  const args = new Map<string, string>();
  const stages: { image: string; name: string | undefined; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, name = '', rest = ''] = /^\s*([A-Za-z]+)\s+(.*?)\s*$/.exec(line) ?? [];
    if (name === '') throw new Error(`This is no instruction: ${line}`);
    const stage = stages.at(-1);
    if (name.toUpperCase() === 'FROM') {
      const [image = '', , alias] = rest.split(/\s+/);
      stages.push({
        image: image.replace(/\$\{?(\w+)\}?/g, (_, arg: string) => args.get(arg) ?? ''),
        name: alias,
        instructions: [],
      });
    } else if (stage) stage.instructions.push({ name: name.toUpperCase(), text: rest });
    else if (name.toUpperCase() === 'ARG') args.set(...(rest.split('=') as [string, string]));
    else throw new Error(`${name} stands before the first FROM.`);
  }
  const final = stages.at(-1);
  if (!final) throw new Error('There is no FROM.');
  return { stages, final };
}

/** The texts of all instructions of a name. */
export const textsOf = ({ instructions }: Stage, name: string): readonly string[] =>
  instructions.filter((one) => one.name === name).map(({ text }) => text);

/** The variables that a stage sets. */
export const environmentOf = (stage: Stage): Readonly<Record<string, string>> =>
  Object.fromEntries(
    textsOf(stage, 'ENV').flatMap((text) => text.split(/\s+/).map((pair) => pair.split('=', 2) as [string, string])),
  );

/** The program and its arguments of an instruction in exec form. @throws when it is in shell form */
export const commandOf = (stage: Stage, name: 'CMD' | 'HEALTHCHECK'): readonly string[] =>
  JSON.parse(/\[.*\]$/.exec(textsOf(stage, name).at(-1) ?? '')?.[0] ?? '') as readonly string[];

const SECRET = /KEY|PASSWORD|SECRET|TOKEN/i;
const PINNED = /^[^\s:@]+:(?!latest)\S*\d\S*$/;

/** What is wrong with a Dockerfile by the rules of this house; empty when nothing is. */
export function dockerfileFaults(text: string): readonly string[] {
  const { stages, final } = parseDockerfile(text);
  const names = new Set(stages.flatMap(({ name }) => name ?? []));
  const all = stages.flatMap(({ instructions }) => instructions);
  const runs = stages.flatMap((stage) => textsOf(stage, 'RUN').map((command) => ({ stage, command })));
  const copies = textsOf(final, 'COPY');
  const order = final.instructions.map(({ name }) => name);
  const environment = environmentOf(final);
  const volumes = textsOf(final, 'VOLUME');
  const rules: readonly (readonly [fault: string, holds: boolean])[] = [
    ['a base image is not pinned to a version', stages.every(({ image }) => names.has(image) || PINNED.test(image))],
    ['what builds and what runs are one stage', stages.length > 1 && copies.some((copy) => copy.includes('--from='))],
    [
      'something is installed without the lockfile',
      runs.every(({ command }) => !/npm (i|install|add)\b/.test(command)),
    ],
    ['the lockfile is not there when npm ci runs', stages.every((stage) => hasLockfile(stage))],
    ['the final stage has development dependencies', hasNoDevelopmentDependencies(stages, final)],
    ['something is fetched from elsewhere', all.every((one) => one.name !== 'ADD' && !/curl|wget/.test(one.text))],
    [
      'it runs as root',
      isOrdinary(textsOf(final, 'USER').at(-1)) && order.lastIndexOf('RUN') < order.lastIndexOf('USER'),
    ],
    ['the program belongs to the user who runs it', copies.every((copy) => !copy.includes('--chown'))],
    ['it does not start in exec form', textsOf(final, 'CMD').length === 1 && isExec(textsOf(final, 'CMD')[0])],
    ['the stop signal is not SIGTERM', textsOf(final, 'STOPSIGNAL').at(-1) === 'SIGTERM'],
    [
      'the health check does not ask the readiness probe in exec form',
      /^--interval=\S+ --timeout=\S+ .*CMD \["node", .*\/readyz.*\]$/.test(textsOf(final, 'HEALTHCHECK').at(-1) ?? ''),
    ],
    ['a secret is part of the image', all.every((one) => !['ENV', 'ARG'].includes(one.name) || !SECRET.test(one.text))],
    ['it is not set to production', environment.NODE_ENV === 'production'],
    [
      'something is written outside of the volume',
      volumes.length === 1 &&
        ['DATA_DIR', 'TMPDIR'].every((name) => environment[name]?.startsWith(`${volumes[0]}/`) === true),
    ],
    [
      'the working directory is not absolute',
      stages.every((stage) => /^\/\w/.test(textsOf(stage, 'WORKDIR')[0] ?? '')),
    ],
  ];
  return rules.filter(([, holds]) => !holds).map(([fault]) => fault);
}

const isExec = (text: string | undefined): boolean => /^\[".*"\]$/.test(text ?? '');
const isOrdinary = (user: string | undefined): boolean => user !== undefined && !/^(root|0)(:|$)/.test(user);

function hasLockfile(stage: Stage): boolean {
  const ci = stage.instructions.findIndex(({ name, text }) => name === 'RUN' && /npm ci\b/.test(text));
  const copied = stage.instructions.findIndex(({ name, text }) => name === 'COPY' && /package-lock\.json/.test(text));
  return ci < 0 || (copied >= 0 && copied < ci);
}

/** Its modules come from a stage whose only installation leaves them out. */
function hasNoDevelopmentDependencies(stages: readonly Stage[], final: Stage): boolean {
  if (textsOf(final, 'RUN').some((command) => /npm|npx/.test(command))) return false;
  const from = textsOf(final, 'COPY').flatMap((copy) => /--from=(\S+) \S*node_modules/.exec(copy)?.[1] ?? []);
  return (
    from.length === 1 &&
    stages
      .filter(({ name }) => name === from[0])
      .every((stage) => textsOf(stage, 'RUN').every((command) => command === 'npm ci --omit=dev'))
  );
}
