import { describe, expect, it } from 'vitest';
import { MessageError, UsageError } from '../../../src/errors.ts';
import { authenticate } from '../../../src/profile/sasl/authenticate.ts';
import { externalClient, externalServer } from '../../../src/profile/sasl/external.ts';
import { saslProfile } from '../../../src/profile/sasl/sasl-profile.ts';
import type { SessionFacts } from '../../../src/session/facts.ts';
import { FakePeer, FakeSession, startOn } from './fakes.ts';

/** Who connects from one host is fred. */
const identify = ({ remoteAddress }: SessionFacts) =>
  remoteAddress === 'home:1' ? 'fred@example.com' : undefined;
const home = () => new FakeSession({ remoteAddress: 'home:1' });
const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const respond = async (message: Uint8Array | undefined, session = home()) =>
  externalServer({ identify }).start(session.facts).respond(message);

describe('externalServer', () => {
  it('[3080 §4.1.3 rule 6] derives the identity when none is given', async () => {
    expect(await respond(octets(''))).toEqual({
      kind: 'complete',
      identity: { authorization: 'fred@example.com' },
    });
  });

  it('[3080 §4.1.3 rule 6] accepts the identity that agrees, and refuses another', async () => {
    expect(await respond(octets('fred@example.com'))).toMatchObject({ kind: 'complete' });
    expect(await respond(octets('wilma@example.com'))).toMatchObject({
      kind: 'failed',
      error: { replyCode: 535 },
    });
  });

  it('lets the application say who may act as whom', async () => {
    const authorize = (requested: string | undefined, identity: string) => `${identity} as ${requested}`;
    const exchange = externalServer({ identify, authorize }).start(home().facts);
    expect(await exchange.respond(octets('wilma'))).toMatchObject({
      identity: { authorization: 'fred@example.com as wilma' },
    });
  });

  it('[3080 §4.1.3 rule 5] is offered to a peer that can be identified, and refuses every other', async () => {
    const profile = saslProfile(externalServer({ identify }));
    expect(profile.offered!(home().facts)).toBe(true);
    expect(profile.offered!(new FakeSession().facts)).toBe(false);
    expect(profile.offered!(new FakeSession({ remoteAddress: 'home:1', secured: false }).facts)).toBe(false);
    expect(await respond(octets(''), new FakeSession())).toMatchObject({
      kind: 'failed',
      error: { replyCode: 535 },
    });
    expect(await startOn(profile, new FakeSession({ secured: false }))).toMatchObject({ replyCode: 538 });
  });

  it('[4422 §5] gives an empty challenge when there is no initial response', async () => {
    expect(await respond(undefined)).toEqual({ kind: 'challenge', data: new Uint8Array(0) });
  });

  it.each([
    ['NUL', octets('a\0')],
    ['what is not UTF-8', Uint8Array.of(0xff)],
    ['too much', octets('a'.repeat(1025))],
  ])('[4422 §A.1] refuses %s', async (_name, message) => {
    await expect(respond(message)).rejects.toBeInstanceOf(MessageError);
  });
});

describe('externalClient', () => {
  it('[4422 §A.1] sends the identity to act as, or an empty response', async () => {
    expect(externalClient('fred@example.com').initial()).toEqual(octets('fred@example.com'));
    for (const authorization of [undefined, 'fred@example.com']) {
      const session = home();
      const peer = FakePeer.connectedTo(saslProfile(externalServer({ identify })), session);
      await authenticate(peer, externalClient(authorization));
      expect(session.facts.identity).toEqual({ mechanism: 'EXTERNAL', authorization: 'fred@example.com' });
    }
  });

  it('refuses what EXTERNAL cannot carry', () => {
    for (const wrong of ['', 'a\0b', '\ud800']) expect(() => externalClient(wrong)).toThrow(UsageError);
  });
});
