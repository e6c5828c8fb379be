/**
 * The conversation is being removed for good; published in that transaction. It is hidden already, so that nothing new
 * joins it. Whoever keeps something of it removes it now.
 */
export class ConversationPurged {
  constructor(
    readonly workspaceId: string,
    readonly conversationId: string,
  ) {}
}
