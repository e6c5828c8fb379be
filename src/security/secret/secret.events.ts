/** A secret was made, rotated or removed; published in that transaction. */
export class SecretChanged {
  constructor(
    readonly workspaceId: string,
    readonly secretId: string,
  ) {}
}
