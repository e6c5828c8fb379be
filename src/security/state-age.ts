/** A revocation or role change in another process takes effect within 5 s; a second of it is left to the request itself. */
export const STATE_MAX_AGE_MS = 4_000;

/** Most sessions, API keys or memberships whose state a process keeps in memory. */
export const STATES_REMEMBERED = 20_000;
