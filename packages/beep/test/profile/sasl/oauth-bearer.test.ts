import { describe, expect, it } from 'vitest';
import { MessageError, UsageError } from '../../../src/errors.ts';
import { authenticate } from '../../../src/profile/sasl/authenticate.ts';
import {
  oauthBearerClient,
  oauthBearerServer,
  type TokenVerdict,
} from '../../../src/profile/sasl/oauth-bearer.ts';
import { saslProfile } from '../../../src/profile/sasl/sasl-profile.ts';
import { FakePeer, FakeSession, startOn } from './fakes.ts';

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);
/** As in the examples of the RFC: `^A` for the separator. */
const wire = (shown: string): Uint8Array => octets(shown.replaceAll('^A', '\u0001'));

const token = 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==';
const example = `n,a=user@example.com,^Ahost=server.example.com^Aport=143^Aauth=Bearer ${token}^A^A`;
const refused: TokenVerdict = {
  kind: 'refused',
  status: 'invalid_token',
  scope: 'example_scope',
  configurationUrl: 'https://example.com/.well-known/openid-config',
};
const verify = (tried: string): TokenVerdict =>
  tried === token ? { kind: 'accepted', authentication: 'user@example.com' } : refused;
const exchange = () => oauthBearerServer({ verify }).start(new FakeSession().facts);

describe('oauthBearerServer', () => {
  it('[7628 §4.1] takes the first example', async () => {
    expect(await exchange().respond(wire(example))).toEqual({
      kind: 'complete',
      identity: { authorization: 'user@example.com' },
    });
  });

  it('[7628 §4.3] tells a client without a token what it needs, and fails once it has that', async () => {
    const server = exchange();
    const step = await server.respond(
      wire('n,a=user@example.com,^Ahost=server.example.com^Aport=143^Aauth=^A^A'),
    );
    expect(step.kind === 'challenge' && JSON.parse(text(step.data))).toEqual({
      status: 'invalid_token',
      scope: 'example_scope',
      'openid-configuration': 'https://example.com/.well-known/openid-config',
    });
    expect(await server.respond(wire('^A'))).toMatchObject({ kind: 'failed', error: { replyCode: 535 } });
  });

  it('does not take no token, even when the verifier does', async () => {
    const server = oauthBearerServer({ verify: () => ({ kind: 'accepted', authentication: 'a' }) });
    expect(await server.start(new FakeSession().facts).respond(wire('n,,^Aauth=^A^A'))).toMatchObject({
      kind: 'failed',
    });
  });

  it('[7628 §3.2.3] fails a refused token whatever comes next, a right token included', async () => {
    const server = exchange();
    expect(await server.respond(wire('n,,^Aauth=Bearer x^A^A'))).toMatchObject({ kind: 'challenge' });
    expect(await server.respond(wire(example))).toMatchObject({ kind: 'failed' });
  });

  it('refuses a token of somebody else than the identity that is asked for', async () => {
    const step = await exchange().respond(wire(`n,a=root@example.com,^Aauth=Bearer ${token}^A^A`));
    expect(step).toMatchObject({ kind: 'failed', error: { replyCode: 535 } });
  });

  it('[7628 §3.1] takes the scheme in any letter case, and skips keys that it does not know', async () => {
    expect(await exchange().respond(wire(`y,,^Aauth=BEARER ${token}^Anew=a b^A^A`))).toMatchObject({
      kind: 'complete',
    });
  });

  it('refuses many blanks in place of a token as fast as a few', () => {
    const blanks = wire(`n,,^Aauth=Bearer${' '.repeat(65_000)}\n^A^A`);
    const { user } = process.cpuUsage();
    expect(() => exchange().respond(blanks)).toThrow(MessageError);
    // Were each way tried to part them, it would be seconds.
    expect(process.cpuUsage().user - user).toBeLessThan(500_000);
  });

  it('[4422 §5] gives an empty challenge when there is no initial response', async () => {
    expect(await exchange().respond(undefined)).toEqual({ kind: 'challenge', data: new Uint8Array(0) });
  });

  it.each([
    ['nothing', ''],
    ['no header', '^Aauth=Bearer x^A^A'],
    ['channel binding', 'p=tls-unique,,^Aauth=Bearer x^A^A'],
    ['no separator behind the header', 'n,,auth=Bearer x^A^A'],
    ['no end', 'n,,^Aauth=Bearer x^A'],
    ['no pairs', 'n,,^A^A'],
    ['no credentials', 'n,,^Ahost=x^A^A'],
    ['credentials twice', 'n,,^Aauth=Bearer x^Aauth=Bearer y^A^A'],
    ['a pair without a key', 'n,,^A=x^Aauth=Bearer x^A^A'],
    ['a pair without a value', 'n,,^Ahost^Aauth=Bearer x^A^A'],
    ['another scheme', 'n,,^Aauth=Basic x^A^A'],
    ['a token with a space', 'n,,^Aauth=Bearer x y^A^A'],
    ['a token beyond ASCII', 'n,,^Aauth=Bearer ä^A^A'],
    ['too much', `n,,^Aauth=Bearer ${'x'.repeat(65_536)}^A^A`],
  ])('[7628 §3.1] refuses %s', async (_name, message) => {
    const error = await (async () => exchange().respond(wire(message)))().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MessageError);
    expect(error).toMatchObject({ code: 'sasl.oauth', replyCode: 501 });
  });

  it('[B12] requires a secured session unless configured otherwise', async () => {
    const profile = saslProfile(oauthBearerServer({ verify }));
    expect(await startOn(profile, new FakeSession({ secured: false }))).toMatchObject({ replyCode: 538 });
    expect(oauthBearerServer({ verify, requireSecured: false }).requireSecured).toBe(false);
  });
});

describe('oauthBearerClient', () => {
  it('[7628 §4.1] writes the first example', async () => {
    const client = oauthBearerClient({
      token,
      authorization: 'user@example.com',
      host: 'server.example.com',
      port: 143,
    });
    expect(await client.initial()).toEqual(wire(example));
  });

  it('[7628 §3.2.3] answers a refusal, and rejects with 535', async () => {
    const peer = FakePeer.connectedTo(saslProfile(oauthBearerServer({ verify })), new FakeSession());
    await expect(authenticate(peer, oauthBearerClient({ token: 'x' }))).rejects.toMatchObject({
      replyCode: 535,
      text: 'the token was refused: invalid_token',
    });
    expect(peer.sent).toEqual(['Content-Type: application/beep+xml\r\n\r\n<blob>AQ==</blob>']);
  });

  it('does not take a refused token for a success', async () => {
    const client = oauthBearerClient({ token });
    await client.respond(octets('{"status":"invalid_token"}'));
    await expect((async () => client.finish(new Uint8Array(0)))()).rejects.toMatchObject({
      code: 'sasl.server',
    });
  });

  it('refuses what it cannot carry, without showing it', () => {
    expect(() => oauthBearerClient({ token: 'two words' })).toThrow(/^(?!.*words)/);
    expect(() => oauthBearerClient({ token: '' })).toThrow(UsageError);
    expect(() => oauthBearerClient({ token, authorization: '' })).toThrow(UsageError);
    expect(() => oauthBearerClient({ token, host: 'a\u0001auth=b' })).toThrow(UsageError);
  });
});
