/** Whether `error` is PostgreSQL's refusal of a duplicate, of the named constraint or index when one is given. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const { code, constraint: violated } = pgError(error);
  return code === '23505' && (constraint === undefined || violated === constraint);
}

/** Whether `error` says that something refers to a row that is not there, or is to be deleted; by the named constraint, when one is given. */
export function isForeignKeyViolation(error: unknown, constraint?: string): boolean {
  const { code, constraint: violated } = pgError(error);
  return code === '23503' && (constraint === undefined || violated === constraint);
}

const NETWORK = new Set([
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
/** Connection, resource and shutdown classes; a server that only reads; idle limits of a session. */
const AWAY = /^(?:08|53|57P|58)|^(?:25006|25P03|25P04)$/;
/** Deadlock, serialisation, lock and statement timeouts: the same statement may well succeed the next time. */
const PASSING = /^(?:40001|40P01|55P03|57014)$/;
const AWAY_MESSAGE =
  /timeout exceeded when trying to connect|^timeout expired$|Connection terminated|Client has encountered a connection error|Query read timeout|Query runner already released/;

const ofDatabase = new WeakSet<object>();

/** The error as it is, known from now on as one that the database gave. */
export function databaseFault(error: unknown): unknown {
  if (typeof error === 'object' && error !== null) ofDatabase.add(error);
  return error;
}

/** As {@link isDatabaseUnavailable}, of an error among whose kin may be some that know nothing of a database. */
export const isOwnDatabaseUnavailable = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && ofDatabase.has(error) && isDatabaseUnavailable(error);

/** Whether `error` says that the database cannot be reached right now, as opposed to refusing a statement. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const { code, message } = pgError(error);
  return NETWORK.has(code ?? '') || AWAY.test(code ?? '') || AWAY_MESSAGE.test(message ?? '');
}

/** Whether the same work may succeed when it is tried again. */
export const isTransient = (error: unknown): boolean =>
  isDatabaseUnavailable(error) || PASSING.test(pgError(error).code ?? '');

/** PostgreSQL's own fields, also from inside TypeORM's QueryFailedError. */
function pgError(error: unknown): { code?: string; constraint?: string; message?: string } {
  if (typeof error !== 'object' || error === null) return {};
  const wrapped = (error as { driverError?: unknown }).driverError;
  return (typeof wrapped === 'object' && wrapped !== null ? wrapped : error) as {
    code?: string;
    constraint?: string;
    message?: string;
  };
}
