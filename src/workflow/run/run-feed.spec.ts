import type { LoggedEvent } from './run-event.js';
import { RunFeed } from './run-feed.js';

const event = (seq: number): LoggedEvent => ({ seq, type: 'note', data: '{}' });

describe('the feed of runs', () => {
  it('tells every reader of a run what was committed, and readers of other runs nothing', () => {
    const feed = new RunFeed();
    const heard: string[] = [];
    feed.subscribe('r', (events) => heard.push(`one ${events.length}`));
    feed.subscribe('r', (events) => heard.push(`two ${events.length}`));
    feed.subscribe('other', () => heard.push('other'));
    feed.publish('r', [event(1), event(2)]);
    expect(heard).toEqual(['one 2', 'two 2']);
    feed.publish('nobody', [event(1)]);
  });

  it('tells a reader nothing once it has left, even while others are told', () => {
    const feed = new RunFeed();
    const heard: string[] = [];
    let leaveSecond = () => undefined as void;
    const leaveFirst = feed.subscribe('r', () => {
      heard.push('first');
      leaveSecond();
    });
    leaveSecond = feed.subscribe('r', () => heard.push('second'));
    feed.publish('r', [event(1)]);
    leaveFirst();
    feed.publish('r', [event(2)]);
    expect(heard).toEqual(['first']);
  });

  it('forgets runs that nobody reads, and leaving twice harms nobody', () => {
    const feed = new RunFeed();
    const leave = feed.subscribe('r', () => undefined);
    expect(feed.size).toBe(1);
    leave();
    expect(feed.size).toBe(0);
    const heard: number[] = [];
    feed.subscribe('r', (events) => heard.push(events.length));
    leave();
    feed.publish('r', [event(1)]);
    expect([feed.size, heard]).toEqual([1, [1]]);
  });

  it('knows which runs this process executes', () => {
    const feed = new RunFeed();
    feed.begin('r');
    expect([feed.isOwn('r'), feed.isOwn('other')]).toEqual([true, false]);
    feed.end('r');
    expect(feed.isOwn('r')).toBe(false);
  });

  it('stirs the readers of a run that this process executes no more', () => {
    const feed = new RunFeed();
    const heard: (readonly LoggedEvent[])[] = [];
    feed.begin('r');
    feed.subscribe('r', (events) => heard.push(events));
    feed.end('r');
    expect(heard).toEqual([[]]);
  });
});
