/** Names a server can have: they stand before the names of its tools, parted by two underscores. */
export const SERVER_NAME = /^(?!workflow$)[a-z][a-z0-9-]{0,31}$/;

export const SERVER_NAME_HINT =
  'must be a letter and up to 31 of a-z, 0-9 and "-", and not "workflow", which stands before tools that are workflows';
