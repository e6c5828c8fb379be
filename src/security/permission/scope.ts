/** What a scope looks like: `<resource>:read` or `<resource>:write`. */
export const SCOPE = /^[a-z][a-z0-9-]{0,39}:(?:read|write)$/;

/** Whether scopes permit what `needed` names. No scopes (undefined) permit everything; `write` includes `read`. */
export function permits(scopes: readonly string[] | undefined, needed: string): boolean {
  if (scopes === undefined || scopes.includes(needed)) return true;
  return needed.endsWith(':read') && scopes.includes(needed.replace(/:read$/, ':write'));
}

/** Whether every right of `wanted` is one of `held`. */
export function includesScopes(held: readonly string[] | undefined, wanted: readonly string[] | undefined): boolean {
  if (held === undefined) return true;
  return wanted !== undefined && wanted.every((scope) => permits(held, scope));
}
