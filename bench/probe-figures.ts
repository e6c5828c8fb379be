import type { ChildProcess } from 'node:child_process';

/** What a server under test tells about itself. Lag and utilization are since the last reset, counts since its start. */
export interface ProbeFigures {
  readonly loopLagMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Share of the time that the event loop was not waiting, 0..1. */
  readonly loopUtilization: number;
  readonly statements: number;
  readonly commits: number;
}

const ANSWER_TIMEOUT_MS = 15_000;

export function resetProbe(server: ChildProcess): void {
  server.send('probe:reset');
}

/** @throws when the server does not answer in time */
export function readProbe(server: ChildProcess): Promise<ProbeFigures> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer);
      server.off('message', listen);
      act();
    };
    const listen = (message: unknown) => {
      const figures = (message as { readonly probe?: ProbeFigures }).probe;
      if (figures) settle(() => resolve(figures));
    };
    const timer = setTimeout(() => settle(() => reject(new Error('The probe did not answer.'))), ANSWER_TIMEOUT_MS);
    server.on('message', listen);
    server.send('probe:read');
  });
}
