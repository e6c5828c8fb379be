import { pluginKind } from '../platform/plugin/plugin.registry.js';
import type { Principal } from '../platform/http/principal.js';

/** Makes a class the one that lets a call wait for a person outside of the request that asked for it (plugin kind). */
export const CallDeferral = pluginKind('call deferral');

export interface DeferrableCall {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** How a call stands that goes on by itself. */
export interface DeferredCall {
  readonly callId: string;
  readonly runId: string;
  /** What a person must decide, as `GET /approvals/:id` shows it; absent when nothing is left to decide. */
  readonly approval?: Readonly<Record<string, unknown>>;
}

export interface DeferredCalls {
  /** Makes the call a run, and answers once that waits for a person or has ended. @throws Problem when it cannot begin */
  defer(caller: Principal, call: DeferrableCall): Promise<DeferredCall>;
  /** The same of a run that a repeated request has led to before. @throws Problem not-found */
  find(caller: Principal, runId: string): Promise<DeferredCall>;
}
