import { ROLES, type Role } from '../../platform/http/principal.js';

/** Whether `role` includes the rights of `least`: viewer < editor < admin < owner. */
export const atLeast = (role: Role, least: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(least);
