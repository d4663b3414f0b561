import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { anonymousClient } from '../../../src/profile/sasl/anonymous.ts';
import { type ClientMechanism, saslProfileUri } from '../../../src/profile/sasl/mechanism.ts';
import { negotiate } from '../../../src/profile/sasl/negotiate.ts';
import { plainClient } from '../../../src/profile/sasl/plain.ts';
import { scramClient } from '../../../src/profile/sasl/scram.ts';
import { FakePeer } from './fakes.ts';

const bob = { authentication: 'bob', password: 'secret' };
const scram = () => scramClient({ hash: 'SHA-256', ...bob });

/** A peer that offers these mechanisms, and refuses or accepts whatever is started. */
function greeted(names: readonly string[], secured = true, answer = "<blob status='complete' />") {
  const peer = new FakePeer({ secured });
  peer.answerStart = async () => ({ initializationReply: answer });
  const profiles = ['http://iana.org/beep/APEX', ...names.map(saslProfileUri)];
  return Object.assign(peer, { greeting: Promise.resolve({ profiles, features: [], localize: [] }) });
}

const started = (peer: FakePeer) => peer.starts.flatMap(({ profiles }) => profiles.map(({ uri }) => uri));

describe('negotiate', () => {
  it('takes the first acceptable mechanism that is offered, in the order of the client', async () => {
    const peer = greeted(['ANONYMOUS', 'PLAIN', 'DIGEST-MD5']);
    expect(await negotiate(peer, [scram(), plainClient(bob), anonymousClient()])).toBe('PLAIN');
    expect(started(peer)).toEqual(['http://iana.org/beep/SASL/PLAIN']);
  });

  it('never starts a mechanism that is not acceptable, whatever the peer offers', async () => {
    const peer = greeted(['PLAIN', 'ANONYMOUS']);
    const error: unknown = await negotiate(peer, [scram()]).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({
      code: 'sasl.mechanism',
      message:
        'the peer offers none of the acceptable SASL mechanisms (SCRAM-SHA-256); it offers PLAIN, ANONYMOUS',
    });
    expect(peer.starts).toEqual([]);
  });

  it('tries no weaker mechanism when the chosen one fails', async () => {
    const peer = greeted(['SCRAM-SHA-256', 'PLAIN'], true, "<error code='535'>denied</error>");
    await expect(negotiate(peer, [scram(), plainClient(bob)])).rejects.toMatchObject({ replyCode: 535 });
    expect(started(peer)).toEqual(['http://iana.org/beep/SASL/SCRAM-SHA-256']);
  });

  it('[B12] passes over a mechanism that would reveal a secret, and refuses it when it is the only one', async () => {
    const other: ClientMechanism = { ...anonymousClient(), name: 'X-OTHER' };
    const open = greeted(['PLAIN', 'X-OTHER'], false);
    expect(await negotiate(open, [plainClient(bob), other])).toBe('X-OTHER');
    await expect(negotiate(greeted(['PLAIN'], false), [scram(), plainClient(bob)])).rejects.toMatchObject({
      code: 'sasl.unsecured',
    });
  });
});
