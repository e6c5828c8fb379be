/** One act that matters for security. */
export interface AuditAct {
  /** Null for what belongs to no workspace, such as the failed login of a stranger. */
  readonly workspaceId: string | null;
  /** Who did it, when that is proven. */
  readonly actorId: string | null;
  readonly action: `${string}.${string}`;
  /** What it was done to, as `kind:id`. */
  readonly subject: `${string}:${string}`;
  readonly outcome: AuditOutcome;
  /** Facts about the act: ids, names of settings, reasons. No personal content and no secret. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

export const AUDIT_OUTCOMES = ['ok', 'denied', 'failed'] as const;
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

/** An act as it is stored. */
export interface AuditEntry {
  readonly id: string;
  readonly workspaceId: string | null;
  readonly actorId: string | null;
  readonly action: string;
  readonly subject: string;
  readonly outcome: string;
  /** JSON text, to the letter. */
  readonly detail: string | null;
  readonly traceId: string | null;
  /** UTC in microseconds: `2026-11-27T09:30:00.123000Z`. */
  readonly at: string;
}

/** A stored act with the proof that it was this application that wrote it. */
export interface ProvenEntry extends AuditEntry {
  readonly mac: Buffer;
}
