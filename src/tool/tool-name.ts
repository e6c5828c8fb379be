/** The names a tool can have: providers refuse others. */
export const TOOL_NAME = /^[A-Za-z][\w-]{0,63}$/;
