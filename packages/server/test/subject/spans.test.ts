import { describe, expect, it } from 'vitest';
import type { OperationInput } from '../../src/subject/input.ts';
import type { Span, SpanAttributes, SpanRefusal, Tracing } from '../../src/tracing.ts';
import { FRED, WILMA } from './desk.ts';
import { furnished, SERVICE } from './house.ts';

/** Spans as lines `name/name REPLYCODE`, in the order in which they end; one that ends twice is an error. */
class Recorded implements Tracing {
  readonly ended: string[] = [];
  readonly open = new Set<string>();

  begin(name: string, attributes: SpanAttributes): Span {
    expect(JSON.stringify(attributes)).not.toContain('tuple');
    let number = 1;
    while (this.open.has(`${name} ${number}`)) number += 1;
    const key = `${name} ${number}`;
    this.open.add(key);
    return {
      begin: (inner, more) => this.begin(`${name}/${inner}`, more),
      end: (refusal?: SpanRefusal) => {
        expect(this.open.delete(key), `${name} has ended before`).toBe(true);
        this.ended.push(refusal === undefined ? name : `${name} ${refusal.replyCode}`);
      },
    };
  }
}

const subscribe = (span: Span, transID: number, durationSeconds = 60): OperationInput => ({
  kind: 'subscribe',
  service: SERVICE,
  originator: WILMA,
  transID,
  durationSeconds,
  span,
});

describe('an operation in a span', () => {
  it('has a span of its own, in which it is decided and written, until all that follows has left', async () => {
    const home = await furnished();
    const tracing = new Recorded();
    home.owner.submit(FRED, subscribe(tracing.begin('data', {}), 1));
    await home.owner.idle();
    expect(tracing.ended).toEqual([
      'data/apex.subscribe/apex.decide',
      'data/apex.subscribe/apex.commit',
      'data/apex.subscribe',
    ]);
    expect([...tracing.open]).toEqual(['data 1']);
  });

  it('ends once, refused, whatever goes wrong: its decision, its batch, its records, too much before it', async () => {
    const home = await furnished({ backlog: 2 });
    const tracing = new Recorded();
    const data = tracing.begin('data', {});
    home.owner.submit('nobody@example.com', subscribe(data, 1, 0));
    await home.owner.idle();
    home.store.hold();
    home.store.failNext();
    home.owner.submit(FRED, subscribe(data, 2));
    home.owner.submit(FRED, subscribe(data, 3));
    home.owner.submit(FRED, subscribe(data, 4));
    home.store.release();
    await home.owner.idle();
    home.store.failNext(1, 'load');
    home.owner.submit('somebody@example.com', subscribe(data, 5));
    await home.owner.idle();
    const operations = tracing.ended.filter((line) => /subscribe( \d+)?$/.test(line));
    expect(operations.map((line) => line.split(' ')[1])).toEqual(['550', '450', '451', '451', '451']);
    expect(tracing.ended.filter((line) => line.includes('commit')).at(-1)).toMatch(/ 451$/);
    expect([...tracing.open]).toEqual(['data 1']);
  });
});
