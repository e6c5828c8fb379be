import type { LoadTarget } from './load-target.ts';

/** A server under test: how to start it and how to talk to it. */
export interface System {
  readonly name: string;
  /** What it does with a turn, for the reader of the table. */
  readonly title: string;
  /** Scripts of this folder to preload beside the probe. */
  readonly preload: readonly string[];
  readonly start: (place: Place) => StartLine;
  /** Answers 200 as soon as the process serves. */
  readonly livePath: string;
  /** Answers 200 when it does its work. */
  readonly readyPath: string;
  /** Processes to count that are no children of the server. */
  readonly furtherProcesses: (dataDir: string) => readonly number[];
  /** Logs in where that is needed. */
  readonly target: (origin: string) => Promise<LoadTarget>;
}

export interface Place {
  readonly port: number;
  /** Base address of the model server, with its version. */
  readonly modelUrl: string;
  /** Models the workloads ask for. */
  readonly models: readonly string[];
  /** Where to find a script of this folder, such as `peers/raw-proxy.ts`, as plain JavaScript. */
  readonly plain: (script: string) => string;
  /** Kept between the starts of one round, removed after it. */
  readonly dataDir: string;
}

export interface StartLine {
  /** Script and arguments for Node, the script relative to the repository. */
  readonly script: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}
