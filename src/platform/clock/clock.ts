import { Injectable } from '@nestjs/common';

/** The process's time, injected so that a test can move it. Leases and expiry use the database's clock instead. */
@Injectable()
export class Clock {
  now(): Date {
    return new Date();
  }

  /** Milliseconds since the epoch. */
  millis(): number {
    return Date.now();
  }
}
