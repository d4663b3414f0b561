import { ReplyError } from '@apex/beep';
import { publishTemplate } from '@apex/protocol';
import { describe, expect, it } from 'vitest';
import type { ToEdge } from '../../src/edge/messages.ts';
import { Outbound } from '../../src/edge/pipe.ts';
import { RemoteLink } from '../../src/edge/remote-link.ts';

type Settled = (readonly [name: string, failure: string | number | undefined])[];

function link() {
  const batches: (readonly ToEdge[])[] = [];
  const out = new Outbound<ToEdge>((batch) => batches.push(batch));
  const made = new RemoteLink(1, out, (then) => then());
  const settled: Settled = [];
  const send = (name: string, octets = 10): void =>
    made.sendData(
      () => new Uint8Array(octets),
      (failure) =>
        settled.push([name, failure instanceof ReplyError ? failure.replyCode : failure && 'lost']),
    );
  return { made, send, settled, out, batches };
}

describe('a channel of an edge, as the owner has it', () => {
  it('[C13] counts what was sent until it is answered', () => {
    const { made, send } = link();
    send('one', 100);
    send('two', 20);
    expect(made.unsentOctets).toBe(120);
    made.acknowledged();
    expect(made.unsentOctets).toBe(20);
    made.refused(1, new ReplyError(550, ''));
    expect(made.unsentOctets).toBe(0);
  });

  it('[C14] does not take a delivery that is refused early for an older one', () => {
    const { made, send, settled } = link();
    for (const name of ['one', 'two', 'three']) send(name);
    made.refused(2, new ReplyError(550, ''));
    made.acknowledged();
    made.acknowledged();
    expect(settled).toEqual([
      ['three', 550],
      ['one', undefined],
      ['two', undefined],
    ]);
    send('four');
    made.acknowledged();
    expect(settled.at(-1)).toEqual(['four', undefined]);
    expect(made.unsentOctets).toBe(0);
  });

  it('settles each delivery once, however many there are and whatever the edge says', () => {
    const { made, send, settled } = link();
    made.acknowledged();
    made.refused(0, new ReplyError(550, ''));
    for (let index = 0; index < 5000; index += 1) {
      send(`${index}`);
      if (index % 3 !== 0) made.acknowledged();
      if (index % 5 === 0) made.refused(index, new ReplyError(550, ''));
      made.refused(index - 4000, new ReplyError(550, ''));
    }
    made.lost();
    made.lost();
    made.acknowledged();
    expect(settled).toHaveLength(5000);
    expect(new Set(settled.map(([name]) => name)).size).toBe(5000);
    expect(made.unsentOctets).toBe(0);
  });

  it('fails what waits for an answer, and what comes later, when it is gone', () => {
    const { made, send, settled, batches, out } = link();
    send('one');
    made.lost();
    send('two');
    expect(settled).toEqual([
      ['one', 'lost'],
      ['two', 'lost'],
    ]);
    out.flush();
    expect(batches.flat()).toHaveLength(1);
  });

  it('says copies of one publish together, and nothing else', () => {
    const { made, out, batches } = link();
    const content = {
      originator: 'apex=presence@example.com',
      publisher: 'fred@example.com',
      timeStamp: '2026-01-01T00:00:00Z',
      lastUpdate: '2026-01-01T00:00:00Z',
      publisherInfo: '',
      tuplesXml: '',
    };
    const [template, other] = [publishTemplate(content), publishTemplate(content)];
    const copy = (of: typeof template, transID: number): void =>
      made.sendData({ template: of, recipient: 'wilma@example.com', transID }, () => {});
    copy(template, 1);
    copy(template, 2);
    copy(other, 3);
    made.sendTerminate(9, 250, '');
    copy(other, 4);
    out.flush();
    expect(
      batches.map((batch) =>
        batch.map((message) => ('transIDs' in message ? message.transIDs : message.kind)),
      ),
    ).toEqual([[[1, 2], [3], 'terminate', [4]]]);
  });
});
