/** Whether `error` is PostgreSQL's refusal of a duplicate, of the named constraint or index when one is given. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const { code, constraint: violated } = pgError(error);
  return code === '23505' && (constraint === undefined || violated === constraint);
}

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '08006',
  '08003',
  '08001',
]);

/** Whether `error` says that the database cannot be reached right now, as opposed to refusing a statement. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const { code, message } = pgError(error);
  if (code !== undefined && CONNECTION_CODES.has(code)) return true;
  return /timeout exceeded when trying to connect|^timeout expired$|Connection terminated|Client has encountered a connection error/.test(
    message ?? '',
  );
}

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
