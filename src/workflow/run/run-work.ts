import { Injectable } from '@nestjs/common';
import { QueueHandler, type WorkHandler } from '../../platform/queue/queue-handler.js';
import { RUN_TOPIC, RunSweeper } from './run-sweeper.js';

/**
 * Hears of runs that are to be taken up: queued ones, and those whose time has come. The pointer says when to look; the
 * claim decides. What no pointer tells of, the sweeper finds by itself.
 */
@Injectable()
@QueueHandler({ topic: RUN_TOPIC })
export class RunWork implements WorkHandler {
  constructor(private readonly sweeper: RunSweeper) {}

  async handle(): Promise<void> {
    this.sweeper.sweep();
  }
}
