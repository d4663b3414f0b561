import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import type { Channel, ChannelEnd, ChannelHandler } from '../../src/session/profile.ts';
import { sessionPair } from '../../src/testing/index.ts';
import { octets, Recorder, Wire } from './wire.ts';

describe('callbacks', () => {
  /** Calls what it likes from inside every callback. */
  function handler(act: (channel: Channel | undefined) => void, ends: ChannelEnd[] = []): ChannelHandler {
    return {
      message: (exchange) => {
        exchange.reply(exchange.payload);
        act(undefined);
      },
      closed: (reason) => {
        ends.push(reason);
      },
    };
  }

  it('may abort the session from inside a callback; nothing is called afterwards but the ends', () => {
    const ends: ChannelEnd[] = [];
    const wire = new Wire({
      profiles: [
        {
          uri: 'urn:x',
          start: (request) => {
            request.accept(handler(() => request.session.abort(new Error('enough')), ends));
          },
        },
      ],
    });
    wire.greet();
    wire.manage(1, "<start number='1'><profile uri='urn:x' /></start>");
    wire.take();
    expect(wire.raw('MSG 1 1 . 0 0\r\nEND\r\nMSG 1 2 . 0 0\r\nEND\r\nGARBAGE')).toBe('paused');
    expect(wire.take()).toEqual([]);
    expect(ends).toMatchObject([{ kind: 'lost', error: { cause: { message: 'enough' } } }]);
    expect(wire.ending).toBe('lost abort -');
  });

  it.each(['message', 'start', 'closing', 'closed', 'reply'] as const)(
    'that throw in %s end their session, with a diagnostic, and nothing else',
    (where) => {
      const bad = (here: string) => () => {
        if (where === here) throw new TypeError('a bug');
      };
      const recorder = new Recorder();
      const wire = new Wire({
        profiles: [
          recorder,
          {
            uri: 'urn:bad',
            start: (request) => {
              bad('start')();
              const channel = request.accept({
                message: (exchange) => {
                  bad('message')();
                  exchange.reply(exchange.payload);
                },
                closing: (done) => {
                  bad('closing')();
                  done();
                },
                closed: bad('closed'),
              });
              channel.send(octets('question'), bad('reply'));
            },
          },
        ],
      });
      wire.greet();
      wire.manage(1, `<start number='1'><profile uri='${recorder.uri}' /></start>`);
      wire.manage(2, "<start number='3'><profile uri='urn:bad' /></start>");
      wire.take();
      wire.frame('MSG 3 1 .', 'hello');
      wire.frame('RPY 3 1 .', 'answer');
      wire.take();
      wire.manage(3, "<close number='3' code='200' />");
      wire.take();
      expect(wire.ending).toBe('lost abort handler.failed');
      const event = wire.events.find(({ kind }) => kind === 'ended');
      expect(event?.kind === 'ended' && event.diagnostic?.cause).toBeInstanceOf(TypeError);
      expect(recorder.ends).toMatchObject([{ kind: 'lost' }]);
    },
  );

  it('may close, send and release from inside callbacks', () => {
    const ends: ChannelEnd[] = [];
    const events: string[] = [];
    const pair = sessionPair(
      {},
      {
        profiles: [{ uri: 'urn:x', start: (request) => void request.accept(handler(() => {}, ends)) }],
        onEvent: ({ kind }) => events.push(kind),
      },
    );
    pair.initiator.startChannel(
      { profiles: [{ uri: 'urn:x' }], handler: handler(() => {}, ends) },
      (result) => {
        if (result instanceof Error) throw result;
        const { channel } = result;
        channel.send(octets('one'), () => {
          channel.send(octets('two'), () => channel.close(() => pair.initiator.release()));
        });
      },
    );
    pair.pump();
    expect(ends).toEqual([{ kind: 'closed' }, { kind: 'closed' }]);
    expect(events).toEqual(['greeting', 'ended']);
  });

  it('get UsageError where they call receive from inside a callback', () => {
    const wire: Wire = new Wire({
      profiles: [
        {
          uri: 'urn:x',
          start: () => {
            wire.raw('');
          },
        },
      ],
    });
    wire.greet();
    wire.manage(1, "<start number='1'><profile uri='urn:x' /></start>");
    wire.take();
    const event = wire.events.find(({ kind }) => kind === 'ended');
    expect(event?.kind === 'ended' && event.diagnostic?.cause).toMatchObject({ code: 'session.receive' });
  });

  it('authenticate once', () => {
    const wire = new Wire();
    wire.session.authenticated({ mechanism: 'PLAIN', authorization: 'fred' });
    expect(wire.session.facts.identity).toEqual({ mechanism: 'PLAIN', authorization: 'fred' });
    expect(() => wire.session.authenticated({ mechanism: 'PLAIN', authorization: 'wilma' })).toThrow(
      UsageError,
    );
  });
});
