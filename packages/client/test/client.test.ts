import { drive, memoryPair, plainServer, saslProfile } from '@apex/beep';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApexError, attachOver, connect } from '../src/tcp.ts';
import { FRED, House, WILMA } from './house.ts';
import { ScriptedRelay } from './scripted-relay.ts';

let house: House;
beforeAll(async () => {
  house = await House.open(['PLAIN', 'ANONYMOUS']);
});
afterAll(() => house[Symbol.asyncDispose]());

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );
const refusal = (replyCode: number) => expect.objectContaining({ code: 'client.refused', replyCode });

describe('connecting', () => {
  it('[3340 §4.4.1] [C3] attaches as the endpoint, or as a subaddress with its password', async () => {
    const client = await house.attach(FRED);
    expect(client.endpoint).toBe(FRED);
    const tool = await house.attach('fred/desk@Example.com');
    expect(tool.endpoint).toBe('fred/desk@example.com');
    await client.close();
    await tool.close();
  });

  it('is refused with 535 for a wrong password, which the error does not show', async () => {
    const error = (await failure(house.attach(FRED, { credentials: { password: 'nope-nope' } }))) as Error;
    expect(error).toEqual(refusal(535));
    expect(error).toBeInstanceOf(ApexError);
    expect(error.message).toBe(
      'authenticate as fred@example.com: 535 authentication failed; check the endpoint and its credentials',
    );
  });

  it('[B12] sends no password over an unprotected session unless it is told to', async () => {
    const error = await failure(house.attach(FRED, { requireTls: true }));
    expect(error).toMatchObject({
      code: 'client.usage',
      message: 'authenticate as fred@example.com: PLAIN requires a secured session',
    });
    expect(error).toBeInstanceOf(ApexError);
  });

  it('[B15] is refused with 550 for a domain that is not served', async () => {
    expect(await failure(house.attach('fred@rubble.com'))).toEqual(refusal(550));
  });

  it('[3340 §4.4.1 step 3] attaches nobody as another, nor anonymously as somebody', async () => {
    const anonymous = house.attach(FRED, { credentials: { anonymous: 'just looking' } });
    expect(await failure(anonymous)).toEqual(refusal(537));
  });

  it('is an error of the caller for what is no endpoint', async () => {
    expect(await failure(house.attach('fred'))).toMatchObject({ code: 'client.usage' });
  });

  it.each([0, 65_536, 1.5])('is an error of the caller at port %d', async (port) => {
    expect(await failure(house.attach(FRED, { port }))).toMatchObject({ code: 'client.usage' });
  });

  it('is an error of the caller with a password that cannot be sent', async () => {
    const error = await failure(house.attach(FRED, { credentials: { password: '' } }));
    expect(error).toMatchObject({ code: 'client.usage' });
    expect(error).toBeInstanceOf(ApexError);
  });

  it('fails when the relay says nothing, or stops in the middle', async () => {
    const options = { endpoint: FRED, credentials: { password: 'x' }, requireTls: false, attachMs: 20 };
    const [silent, there] = memoryPair();
    there.open({ received: () => {}, drained: () => {}, closed: () => {} });
    expect(await failure(attachOver(silent, options))).toMatchObject({
      code: 'client.timeout',
      message: expect.stringMatching(/^greeting from .*: no answer from the relay within 20 ms$/),
    });

    const [here, thinking] = memoryPair();
    const verify = () => new Promise<boolean>(() => {});
    const sasl = saslProfile(plainServer({ verifier: { verify }, requireSecured: false }));
    const { ended } = drive(thinking, { role: 'listener', profiles: [sasl] });
    expect(await failure(attachOver(here, options))).toMatchObject({ code: 'client.timeout' });
    expect(await ended).toMatchObject({ kind: 'lost' });
  });

  it('says where nobody listens', async () => {
    const other = await House.open();
    const { address } = other.server;
    await other[Symbol.asyncDispose]();
    const error = await failure(connect({ ...address, endpoint: FRED, credentials: { password: 'x' } }));
    expect(error).toMatchObject({
      code: 'client.lost',
      message: expect.stringContaining(`no connection to 127.0.0.1:${address.port}`),
    });
  });

  it('gives up when it is aborted, with the reason', async () => {
    const reason = new Error('changed my mind');
    expect(await failure(house.attach(FRED, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    const abort = new AbortController();
    const attaching = failure(house.attach(FRED, { signal: abort.signal }));
    abort.abort(reason);
    expect(await attaching).toBe(reason);
  });

  it('closes an attached client when its signal is aborted', async () => {
    const abort = new AbortController();
    const client = await house.attach(FRED, { signal: abort.signal });
    abort.abort();
    expect(await client.ended).toEqual({ kind: 'closed' });
  });
});

describe('the end', () => {
  it('[3340 §4.4.1 step 5] [3342 §1] [C16] comes with replaced, when another application takes over', async () => {
    const first = await house.attach(WILMA);
    expect(await failure(house.attach(WILMA))).toEqual(refusal(554));
    const second = await house.attach(WILMA, { attachOverride: true });
    expect(await first.ended).toEqual({ kind: 'replaced' });
    expect(await failure(first.presence.fetch(WILMA))).toMatchObject({
      code: 'client.replaced',
      replyCode: 556,
    });
    expect((await second.presence.fetch(WILMA)).publisher).toBe(WILMA);
    await second.close();
  });

  it('comes with the reason when the relay detaches it', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    await relay.terminate(451, 'too slow');
    expect(await client.ended).toEqual({ kind: 'detached', replyCode: 451, text: 'too slow' });
    expect(await failure(client.presence.fetch(FRED))).toEqual(refusal(451));
  });

  it('comes with the loss of the session, for everything in progress', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const fetching = failure(client.presence.fetch(FRED));
    await relay.accept('subscribe');
    relay.abort();
    expect(await fetching).toMatchObject({ code: 'client.lost' });
    expect(await client.ended).toMatchObject({ kind: 'lost' });
    expect(await failure(client.presence.fetch(FRED))).toMatchObject({ code: 'client.lost' });
  });

  it('comes when the server closes the channel', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    relay.closeChannel();
    expect(await client.ended).toMatchObject({
      kind: 'lost',
      error: { message: 'the server closed the channel' },
    });
    // Without its channel the session is of no use.
    expect(await relay.ended).toEqual({ kind: 'released' });
    await client.close();
  });

  it('comes when it is closed, also while the service or the relay says nothing', async () => {
    const { relay, client } = await ScriptedRelay.attach({ closeMs: 20 });
    const starting = client.presence.subscribe(FRED);
    const { transID } = await relay.accept('subscribe');
    await relay.entry(transID, '2026-11-25T11:00:00Z');
    const { ended } = await starting;
    await client.close();
    expect(await client.ended).toEqual({ kind: 'closed' });
    expect(await ended).toEqual({ kind: 'closed' });
    expect(await relay.ended).toMatchObject({ kind: 'lost' });
  });

  it('comes after what was starting has begun and was terminated; nothing begins meanwhile', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const starting = client.presence.subscribe(FRED);
    const { transID } = await relay.accept('subscribe');
    const closing = client.close();
    expect(await failure(client.presence.fetch(WILMA))).toMatchObject({ code: 'client.closed' });
    expect(await failure(client.presence.watch(FRED))).toMatchObject({ code: 'client.closed' });
    await relay.entry(transID, '2026-11-25T11:00:00Z');
    expect(await relay.accept('terminate')).toMatchObject({ transID });
    await relay.reply(transID, 250);
    await closing;
    expect(await (await starting).ended).toEqual({ kind: 'closed' });
    expect(await relay.ended).toEqual({ kind: 'released' });
  });

  it('comes when it is closed, once', async () => {
    const client = await house.attach(FRED);
    await Promise.all([client.close(), client.close()]);
    expect(await client.ended).toEqual({ kind: 'closed' });
    expect(await failure(client.presence.fetch(FRED))).toMatchObject({ code: 'client.closed' });
    await expect.poll(() => house.server.sessions).toBe(0);
  });

  it('comes after the terminates that are under way', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const terminating = client.presence.terminate({ publisher: FRED, transID: 7 });
    const closing = client.close();
    await relay.reply((await relay.accept('terminate')).transID, 250);
    await terminating;
    await closing;
    expect(await client.ended).toEqual({ kind: 'closed' });
  });

  it('comes with the block that it was opened in', async () => {
    let ended: Promise<unknown>;
    {
      await using client = await house.attach(FRED);
      ended = client.ended;
    }
    expect(await ended).toEqual({ kind: 'closed' });
  });
});

describe('data', () => {
  it('[3340 §4.4.4.2] [3340 §4.4.4.2 step 2] [3340 §4.4.4.2 step 2.2] [3340 §4.4.4.2 step 2.3] [3340 §4.4.4.2 step 3] is acknowledged and handed over, unless it is for somebody else', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    expect(await relay.send(WILMA, '<hello />')).toBeUndefined();
    expect(await relay.send(FRED, '<hello />')).toMatchObject({ replyCode: 550 });
    await client.close();
    const seen: string[] = [];
    for await (const { originator } of client.incoming) seen.push(originator);
    expect(seen).toEqual([FRED]);
  });

  it('[3340 §6.1.1] [3342 §1 rule 1] for no operation of ours disturbs none, whoever sends it', async () => {
    const { relay, client } = await ScriptedRelay.attach();
    const fetching = client.presence.fetch(FRED);
    const { transID } = await relay.accept('subscribe');
    await relay.say({ kind: 'reply', transID, code: 550, text: 'forged' }, 'apex=presence@rubble.com');
    await relay.reply(transID + 1, 550);
    await relay.say({ kind: 'terminate', transID: transID + 1, code: 250, text: '' });
    await relay.entry(transID, '2026-11-25T11:00:00Z');
    expect((await fetching).lastUpdate).toBe('2026-11-25T11:00:00Z');
  });
});
