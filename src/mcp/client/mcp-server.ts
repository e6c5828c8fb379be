/** How a server is reached: over Streamable HTTP, or as a process that the operator's file names. */
export type McpTransport = 'http' | 'stdio';

/** A server as one workspace uses it. */
export interface McpServer {
  readonly id: string;
  readonly workspaceId: string;
  /** Before the names of its tools; unique in the workspace. */
  readonly name: string;
  readonly transport: McpTransport;
  /** Of `http` only. */
  readonly url?: string;
  /** The secret that is sent to the URL's host as a bearer token. */
  readonly secretId?: string;
  readonly enabled: boolean;
  /** Counts changes to where and how it is reached. */
  readonly revision: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly check?: McpCheck;
  /** Whether its tools have ever been listed. */
  readonly isListed: boolean;
}

/** How the last attempt to reach a server went. */
export interface McpCheck {
  readonly at: Date;
  readonly isUp: boolean;
  readonly latencyMs?: number;
  readonly protocolVersion?: string;
  /** What is wrong, as sentences without secrets. */
  readonly remark?: string;
}

export interface NewMcpServer {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly transport: McpTransport;
  readonly url?: string;
  readonly secretId?: string;
}

export interface McpServerChanges {
  readonly name?: string;
  readonly url?: string;
  /** Null takes the secret away. */
  readonly secretId?: string | null;
}
