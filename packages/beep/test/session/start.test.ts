import { describe, expect, it } from 'vitest';
import { ReplyError, SessionLostError, UsageError } from '../../src/errors.ts';
import { beepXml } from '../../src/message/mime.ts';
import type { Profile, StartedChannel, StartRequest } from '../../src/session/profile.ts';
import { sessionPair } from '../../src/testing/index.ts';
import { echo, octets, Recorder, text, Wire } from './wire.ts';

/** A profile that leaves the decision to the test. */
class Undecided implements Profile {
  readonly uri: string;
  readonly requests: StartRequest[] = [];

  constructor(uri: string) {
    this.uri = uri;
  }

  start(request: StartRequest): void {
    this.requests.push(request);
  }
}

function listener(options: ConstructorParameters<typeof Wire>[0]): Wire {
  const wire = new Wire(options);
  wire.greet();
  wire.take();
  return wire;
}

describe('a start of the peer', () => {
  it('[3080 §2.3.1.2] is answered with the profile, and the channel is there', () => {
    const wire = listener({ profiles: [echo] });
    wire.manage(1, "<start number='1'><profile uri='urn:echo' /></start>");
    expect(wire.headers()).toEqual(['RPY 0 1 . 85 64', 'SEQ 1 0 65536']);
    wire.frame('MSG 1 1 .', 'hello');
    expect(wire.messages()).toEqual(['RPY 1 1 hello']);
  });

  it('[3080 §2.3.1.2] [3080 §2.3.1.2 rule 3] tries the proposed profiles in order', () => {
    const passing: Profile = { uri: 'urn:pass', start: (request) => request.pass() };
    const hidden: Profile = { ...echo, uri: 'urn:hidden', available: () => false };
    const wire = listener({ profiles: [echo, hidden, passing] });
    wire.manage(
      1,
      "<start number='1'><profile uri='urn:no' /><profile uri='urn:hidden' /><profile uri='urn:pass' />" +
        "<profile uri='urn:echo' /></start>",
    );
    expect(wire.messages()).toEqual(["RPY 0 1 <profile uri='urn:echo' />"]);
  });

  it('[3080 §2.3.1.5] [B7] is declined with 550 when no profile is acceptable', () => {
    const wire = listener({ profiles: [echo] });
    wire.manage(1, "<start number='1'><profile uri='urn:no' /></start>");
    expect(wire.messages()).toEqual(["ERR 0 1 <error code='550'>no requested profile is acceptable</error>"]);
    wire.manage(2, "<start number='1'><profile uri='urn:echo' /></start>");
    expect(wire.messages()).toHaveLength(1);
  });

  it('[3080 §2.3.1.2 rule 7] is declined with 501 for a number of the wrong kind', () => {
    for (const [role, number, kind] of [
      ['listener', 2, 'odd'],
      ['initiator', 1, 'even'],
    ] as const) {
      const wire = listener({ role, profiles: [echo] });
      wire.manage(1, `<start number='${number}'><profile uri='urn:echo' /></start>`);
      expect(wire.messages()).toEqual([
        `ERR 0 1 <error code='501'>number attribute in &lt;start&gt; element must be ${kind}-valued</error>`,
      ]);
    }
  });

  it('[3080 §2.3.1.2 rule 1] is declined for a number out of range or in use', () => {
    const wire = Wire.withChannels(echo, [2147483647]);
    wire.manage(5, "<start number='2147483647'><profile uri='urn:echo' /></start>");
    expect(wire.messages()).toEqual(["ERR 0 5 <error code='554'>channel 2147483647 exists</error>"]);
    for (const number of ['0', '2147483648', '-1', '1.5', '']) {
      wire.manage(6, `<start number='${number}'><profile uri='urn:echo' /></start>`);
      expect(wire.messages()[0]).toMatch(/^ERR 0 6 <error code='501'>/);
    }
  });

  it.each([
    ['CDATA', '<![CDATA[<ready />]]>', '<ready />'],
    ['CDATA with blanks around it', '\r\n   <![CDATA[<ready />]]>\r\n', '<ready />'],
    ['escaped', '&lt;ready /&gt;', '<ready />'],
    ['plain', 'a blob', 'a blob'],
  ])('[3080 §2.3.1.2 rule 6] hands over an initialization that is %s', (_, written, expected) => {
    const profile = new Undecided('urn:x');
    const wire = listener({ profiles: [profile] });
    wire.manage(1, `<start number='1'><profile uri='urn:x'>${written}</profile></start>`);
    expect(profile.requests[0]?.initialization?.trim()).toBe(expected);
  });

  it('[3080 §2.3.1.2 rule 5] [B9] decodes base64 and limits what is written to 4096 octets', () => {
    const profile = new Undecided('urn:x');
    const wire = listener({ profiles: [profile], limits: { managementWindowOctets: 65_536 } });
    wire.take();
    const start = (content: string): string =>
      `<start number='1'><profile uri='urn:x' encoding='base64'>${content}</profile></start>`;
    wire.manage(1, start(btoa('x'.repeat(3075))));
    expect(wire.messages()[0]).toMatch(/^ERR 0 1 <error code='501'>/);
    wire.manage(2, start(btoa('<ready />')));
    expect(profile.requests[0]?.initialization).toBe('<ready />');
  });

  it('[3080 §2.3.1.2] may be answered later; those behind it wait, and see what it has decided', () => {
    const first = new Undecided('urn:first');
    const second: Profile = {
      ...echo,
      uri: 'urn:second',
      available: (facts) => facts.identity !== undefined,
    };
    const wire = listener({ profiles: [first, second] });
    wire.manage(1, "<start number='1'><profile uri='urn:first' /></start>");
    wire.manage(2, "<start number='3'><profile uri='urn:second' /></start>");
    expect(wire.take()).toEqual([]);
    const [request] = first.requests;
    request?.session.authenticated({ mechanism: 'PLAIN', authorization: 'fred' });
    request?.accept(new Recorder(), 'done');
    expect(wire.messages()).toEqual([
      "RPY 0 1 <profile uri='urn:first'><![CDATA[done]]></profile>",
      "RPY 0 2 <profile uri='urn:second' />",
    ]);
    expect(() => request?.refuse(550, 'no')).toThrow(UsageError);
  });

  it('[3080 §2.3.1.5 rule 1] [3080 §2.3.1.5 rule 3] can be declined by its profile, with a code of its own', () => {
    const profile = new Undecided('urn:x');
    const wire = listener({ profiles: [profile] });
    wire.manage(1, "<start number='1'><profile uri='urn:x' /></start>");
    profile.requests[0]?.refuse(537, 'not <you>');
    expect(wire.messages()).toEqual(["ERR 0 1 <error code='537'>not &lt;you&gt;</error>"]);
  });

  it('[3080 §2.3.1.2 rule 8] [3080 §2.3.1.2 rule 2] keeps the serverName of the first that succeeds', () => {
    const undecided = new Undecided('urn:later');
    const wire = listener({ profiles: [echo, undecided] });
    wire.manage(1, "<start number='1' serverName='a.example'><profile uri='urn:no' /></start>");
    expect(wire.session.facts.serverName).toBeUndefined();
    wire.manage(2, "<start number='1' serverName='b.example'><profile uri='urn:later' /></start>");
    expect(undecided.requests[0]?.session.facts.serverName).toBe('b.example');
    undecided.requests[0]?.refuse(550, 'no');
    expect(wire.session.facts.serverName).toBeUndefined();
    wire.manage(3, "<start number='1' serverName='c.example'><profile uri='urn:echo' /></start>");
    wire.manage(4, "<start number='3' serverName='d.example'><profile uri='urn:echo' /></start>");
    expect(wire.session.facts.serverName).toBe('c.example');
    wire.take();
    expect(wire.ending).toBeUndefined();
  });

  it('[3080 §2.3.1.2 rule 8] keeps no serverName when the first that succeeds has none', () => {
    const wire = Wire.withChannels(echo, [1]);
    wire.manage(9, "<start number='3' serverName='d.example'><profile uri='urn:echo' /></start>");
    expect(wire.session.facts.serverName).toBeUndefined();
  });

  it('[B15] is declined with 550 for an unknown serverName', () => {
    const wire = listener({ profiles: [echo], acceptsServerName: (name) => name === 'example.com' });
    wire.manage(1, "<start number='1' serverName='example.net'><profile uri='urn:echo' /></start>");
    wire.manage(2, "<start number='1' serverName='example.com'><profile uri='urn:echo' /></start>");
    expect(wire.messages()).toEqual([
      "ERR 0 1 <error code='550'>unknown serverName</error>",
      "RPY 0 2 <profile uri='urn:echo' />",
    ]);
  });

  it('[B18] passes on a failed initialization as a positive reply', () => {
    const profile: Profile = {
      uri: 'urn:x',
      start: (request) => {
        request.accept(new Recorder(), "<error code='501'>version attribute poorly formed</error>");
      },
    };
    const wire = listener({ profiles: [profile] });
    wire.manage(1, "<start number='1'><profile uri='urn:x' /></start>");
    expect(wire.messages()).toEqual([
      "RPY 0 1 <profile uri='urn:x'><![CDATA[<error code='501'>version attribute poorly formed</error>]]></profile>",
    ]);
  });

  it('sends nothing on the new channel before the start is answered, not even a SEQ', () => {
    const profile: Profile = {
      uri: 'urn:x',
      start: (request) => {
        const recorder = new Recorder();
        request.accept(recorder).send(octets('at once'), () => {});
      },
    };
    const wire = listener({ profiles: [profile] });
    wire.manage(1, "<start number='1'><profile uri='urn:x' /></start>");
    expect(wire.headers()).toEqual(['RPY 0 1 . 82 61', 'SEQ 1 0 65536', 'MSG 1 1 . 0 7']);
  });

  it('[3080 §2.3 rule 1] [3081 §3.1.1 rule 1] can have 257 channels open at once, and no more than the limit', () => {
    const numbers = Array.from({ length: 257 }, (_, index) => 2 * index + 1);
    const wire = Wire.withChannels(echo, numbers, { limits: { channels: 257 } });
    for (const number of numbers) wire.frame(`MSG ${number} 1 .`, `hello ${number}`);
    expect(wire.messages()).toEqual(numbers.map((number) => `RPY ${number} 1 hello ${number}`));
    wire.manage(999, "<start number='999'><profile uri='urn:echo' /></start>");
    expect(wire.messages()).toEqual(["ERR 0 999 <error code='554'>too many channels</error>"]);
  });

  it('[3080 §2.3.1.5 rule 4] [3080 §2.2.2.1] [B7] [B8] answers 500 or 501 to what is no request, tells the log, and lives on', () => {
    const wire = listener({ profiles: [echo] });
    const xml = (payload: string): string => text(beepXml(payload));
    const requests: readonly (readonly [string, number])[] = [
      [xml('<start'), 500],
      [xml("<?xml version='1.0'?><ok />"), 500],
      [xml('<!DOCTYPE start><ok />'), 500],
      [xml("<close code='200'>&nbsp;</close>"), 500],
      [xml('<unknown />'), 501],
      [xml("<start number='1' />"), 501],
      [xml("<start number='1' colour='red'><profile uri='urn:echo' /></start>"), 501],
      [xml('<ok />'), 501],
      [xml('<greeting />'), 501],
      ['Content-Type: application/beep+xml; charset=latin1\r\n\r\n<ok />', 501],
      ['Content-Type: text/plain\r\n\r\n<ok />', 501],
      ['<ok />', 500],
    ];
    requests.forEach(([payload, code], index) => {
      wire.frame(`MSG 0 ${index} .`, payload);
      expect(wire.messages()[0]).toMatch(new RegExp(`^ERR 0 ${index} <error code='${code}'`));
      expect(wire.events.filter(({ kind }) => kind === 'refused')).toHaveLength(index + 1);
    });
    wire.frame('MSG 0 100 .', "\r\n<start number='1'><profile uri='urn:echo' /></start>");
    expect(wire.messages()).toEqual(["RPY 0 100 <profile uri='urn:echo' />"]);
  });

  it('[3080 §2.3.1.5 rule 2] [3080 §2.3.1.3 rule 3] names its language where the peer prefers another', () => {
    for (const [localize, lang] of [
      ['fr en', " xml:lang='en'"],
      ['en-US fr', ''],
      ['i-default', ''],
    ]) {
      const wire = new Wire();
      wire.greet(`<greeting localize='${localize}' />`);
      wire.take();
      wire.manage(1, "<start number='1'><profile uri='urn:no' /></start>");
      expect(wire.messages()).toEqual([
        `ERR 0 1 <error code='550'${lang}>no requested profile is acceptable</error>`,
      ]);
    }
  });
});

describe('a start of ours', () => {
  it('[3080 §2.3.1.2] [3080 §2.3.1.2 rule 4] [3080 §2.3.1.2 rule 6] proposes profiles, CDATA or base64 inside', () => {
    const wire = new Wire({ role: 'initiator' });
    wire.greet();
    wire.take();
    const results: (StartedChannel | Error)[] = [];
    wire.session.startChannel(
      {
        profiles: [
          { uri: 'urn:a', initialization: '<ready />' },
          { uri: 'urn:b', initialization: ']]>' },
          { uri: 'urn:c' },
        ],
        serverName: 'example.com',
        handler: new Recorder(),
      },
      (result) => results.push(result),
    );
    expect(wire.messages()).toEqual([
      "MSG 0 1 <start number='1' serverName='example.com'><profile uri='urn:a'><![CDATA[<ready />]]></profile>" +
        "<profile uri='urn:b' encoding='base64'>XV0+</profile><profile uri='urn:c' /></start>",
    ]);
    wire.frame('RPY 0 1 .', text(beepXml("<profile uri='urn:b'><![CDATA[<proceed />]]></profile>")));
    expect(results).toMatchObject([{ profileUri: 'urn:b', initializationReply: '<proceed />' }]);
  });

  it('[3080 §2.3.1.2 rule 7] [3081 §2 rule 1] [3081 §2 rule 2] takes odd numbers as initiator, even ones as listener', () => {
    for (const [role, numbers] of [
      ['initiator', ['1', '3']],
      ['listener', ['2', '4']],
    ] as const) {
      const wire = new Wire({ role });
      wire.greet();
      wire.take();
      for (const _ of numbers) {
        wire.session.startChannel({ profiles: [{ uri: 'urn:x' }], handler: new Recorder() }, () => {});
      }
      expect(wire.messages().map((message) => /number='(\d+)'/.exec(message)?.[1])).toEqual(numbers);
    }
  });

  it('gives the refusal, or the loss', () => {
    const wire = new Wire({ role: 'initiator' });
    wire.greet();
    const results: unknown[] = [];
    for (let count = 0; count < 2; count += 1) {
      wire.session.startChannel({ profiles: [{ uri: 'urn:x' }], handler: new Recorder() }, (result) =>
        results.push(result),
      );
    }
    wire.take();
    wire.frame('ERR 0 1 .', text(beepXml("<error code='550'>no</error>")));
    wire.session.transportClosed();
    expect(results).toMatchObject([{ replyCode: 550, text: 'no' }, { code: 'session.lost' }]);
    expect(results[0]).toBeInstanceOf(ReplyError);
    expect(results[1]).toBeInstanceOf(SessionLostError);
  });

  it('throws for wrong arguments, and then sends nothing', () => {
    const wire = new Wire({ role: 'initiator', limits: { channels: 1 } });
    wire.greet();
    wire.take();
    const start = (profiles: readonly { uri: string; initialization?: string }[]) => () =>
      wire.session.startChannel({ profiles, handler: new Recorder() }, () => {});
    expect(start([])).toThrow(expect.objectContaining({ code: 'start.profiles' }));
    expect(start([{ uri: 'urn:x', initialization: 'x'.repeat(4097) }])).toThrow(
      expect.objectContaining({ code: 'management.initialization' }),
    );
    expect(wire.take()).toEqual([]);
    start([{ uri: 'urn:x' }])();
    expect(start([{ uri: 'urn:x' }])).toThrow(expect.objectContaining({ code: 'start.channels' }));
  });

  it('leaves the choice to the profile when the initialization of its reply is too long', () => {
    const profile = new Undecided('urn:x');
    const wire = listener({ profiles: [profile] });
    wire.manage(1, "<start number='1'><profile uri='urn:x' /></start>");
    const [request] = profile.requests;
    expect(() => request?.accept(new Recorder(), 'x'.repeat(4097))).toThrow(UsageError);
    request?.refuse(550, 'too long');
    expect(wire.messages()).toEqual(["ERR 0 1 <error code='550'>too long</error>"]);
    wire.manage(2, "<start number='1'><profile uri='urn:x' /></start>");
    expect(profile.requests).toHaveLength(2);
  });

  it('[3080 §2.7] works in both directions at the same time', () => {
    const started: string[] = [];
    const pair = sessionPair({ profiles: [echo] }, { profiles: [echo] });
    for (const session of [pair.initiator, pair.listener]) {
      session.startChannel({ profiles: [{ uri: 'urn:echo' }], handler: new Recorder() }, (result) => {
        if (result instanceof Error) throw result;
        started.push(`${session.facts.role} ${result.channel.number}`);
        result.channel.send(octets('hello'), (reply) => started.push(reply.kind));
      });
    }
    pair.pump();
    expect(started.sort()).toEqual(['RPY', 'RPY', 'initiator 1', 'listener 2']);
  });
});
