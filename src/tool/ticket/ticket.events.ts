import type { Ticket } from './ticket.js';

/** Published within the transaction that stores it. */
export class TicketOpened {
  constructor(readonly ticket: Ticket) {}
}

/** A person is asked for; also of a ticket that was opened for that. */
export class TicketEscalated {
  constructor(readonly ticket: Ticket) {}
}

/** Somebody gave it another status. */
export class TicketStatusChanged {
  constructor(readonly ticket: Ticket) {}
}
