/** Somebody has the kept answers of a workspace forgotten: all of them, or those of a tag. */
export class CacheCleared {
  constructor(
    readonly workspaceId: string,
    readonly userId: string,
    readonly tag: string | undefined,
  ) {}
}
