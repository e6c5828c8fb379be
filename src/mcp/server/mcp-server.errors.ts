import { problemType } from '../../platform/problem/problem.js';

export const mcpHostNotAllowed = problemType({
  slug: 'mcp-host-not-allowed',
  status: 403,
  title: 'Host not allowed',
  explanation:
    'The request reached /mcp under a name that is not this server’s. Add the host name to MCP_ALLOWED_HOSTS when it is.',
});

export const mcpOriginNotAllowed = problemType({
  slug: 'mcp-origin-not-allowed',
  status: 403,
  title: 'Origin not allowed',
  explanation:
    'A web page of another site sent the request to /mcp. Add its origin to CORS_ORIGINS when it may use this server.',
});
