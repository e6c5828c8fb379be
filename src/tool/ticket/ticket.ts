export const TICKET_STATUSES = ['open', 'inProgress', 'resolved', 'closed'] as const;
export type TicketStatus = (typeof TICKET_STATUSES)[number];

export const TICKET_PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const;
export type TicketPriority = (typeof TICKET_PRIORITIES)[number];

export interface Ticket {
  readonly id: string;
  readonly workspaceId: string;
  /** For whom it was opened. */
  readonly createdBy: string;
  readonly conversationId: string | null;
  readonly runId: string | null;
  readonly title: string;
  readonly description: string | null;
  readonly priority: TicketPriority;
  readonly status: TicketStatus;
  /** When it was handed over to a person, and why. */
  readonly escalatedAt: Date | null;
  readonly escalationReason: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What a call of a tool makes a ticket of. */
export interface NewTicket {
  readonly title: string;
  readonly description?: string;
  readonly priority: TicketPriority;
  /** Hands it over to a person at once. */
  readonly escalationReason?: string;
}
