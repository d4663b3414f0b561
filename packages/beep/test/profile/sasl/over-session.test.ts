import { describe, expect, it } from 'vitest';
import { drive } from '../../../src/driver.ts';
import { ReplyError } from '../../../src/errors.ts';
import { anonymousClient, anonymousServer } from '../../../src/profile/sasl/anonymous.ts';
import { authenticate } from '../../../src/profile/sasl/authenticate.ts';
import type { ClientMechanism, ServerMechanism } from '../../../src/profile/sasl/mechanism.ts';
import { plainClient, plainServer } from '../../../src/profile/sasl/plain.ts';
import { saslProfile } from '../../../src/profile/sasl/sasl-profile.ts';
import { memoryPair } from '../../../src/transport/memory.ts';
import type { Transport } from '../../../src/transport/transport.ts';

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const plainUri = 'http://iana.org/beep/SASL/PLAIN';
const anonymousUri = 'http://iana.org/beep/SASL/ANONYMOUS';

/** Three steps, of which the middle one takes its time. */
const server: ServerMechanism = {
  name: 'X-STEPS',
  requireSecured: false,
  start: () => {
    let step = 0;
    return {
      respond: async (response) => {
        step += 1;
        await new Promise((resolve) => setTimeout(resolve, 1));
        return step === 3
          ? {
              kind: 'complete',
              identity: { authorization: new TextDecoder().decode(response) },
              data: octets('fin'),
            }
          : { kind: 'challenge', data: octets(`${step}`) };
      },
    };
  },
};
const client = (finished: string[]): ClientMechanism => ({
  name: 'X-STEPS',
  requireSecured: false,
  initial: () => octets('bob'),
  respond: () => octets('bob'),
  finish: (data) => {
    finished.push(new TextDecoder().decode(data));
  },
});

const verifier = {
  verify: async (who: string, password: string) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return who === 'bob' && password === 'secret';
  },
};

function connect(secured = true) {
  const [left, right] = memoryPair();
  const as = (transport: Transport): Transport => ({
    remoteAddress: transport.remoteAddress,
    secured,
    open: (handler) => transport.open(handler),
    write: (written) => transport.write(written),
    close: () => transport.close(),
    abort: () => transport.abort(),
    pause: () => transport.pause(),
    resume: () => transport.resume(),
  });
  const profiles = [plainServer({ verifier }), anonymousServer(), server].map((mechanism) =>
    saslProfile(mechanism),
  );
  return {
    listener: drive(as(right), { role: 'listener', profiles }),
    initiator: drive(as(left), { role: 'initiator', profiles: [] }),
  };
}
const bob = (password = 'secret') => plainClient({ authentication: 'bob', password });

describe('SASL over a session', () => {
  it('[3080 §4.1] authenticates, and the session goes on to its release', async () => {
    const { listener, initiator } = connect();
    expect((await initiator.greeting).profiles).toContain(plainUri);
    await authenticate(initiator, bob());
    expect(listener.facts.identity).toEqual({ mechanism: 'PLAIN', authorization: 'bob' });
    await initiator.released();
    expect(await listener.ended).toEqual({ kind: 'released' });
  });

  it('[3080 §4.1] carries several steps and the additional data of the last', async () => {
    const { listener, initiator } = connect();
    const finished: string[] = [];
    await authenticate(initiator, client(finished));
    expect(finished).toEqual(['fin']);
    expect(listener.facts.identity).toEqual({ mechanism: 'X-STEPS', authorization: 'bob' });
  });

  it('[B13] [B14] refuses wrong credentials, lets the peer try again, and ends with the first success', async () => {
    const { listener, initiator } = connect();
    await expect(authenticate(initiator, bob('wrong'))).rejects.toMatchObject({ replyCode: 535 });
    await authenticate(initiator, bob());
    const again = authenticate(initiator, anonymousClient());
    await expect(again).rejects.toBeInstanceOf(ReplyError);
    await expect(again).rejects.toMatchObject({ replyCode: 554 });
    expect(listener.facts.identity).toMatchObject({ authorization: 'bob' });
  });

  it('[B17] refuses a second exchange while one is in progress', async () => {
    const { listener, initiator } = connect();
    const challenged = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const respond = async () => {
      challenged.resolve();
      await answered.promise;
      return octets('bob');
    };
    const first = authenticate(initiator, { ...client([]), respond });
    await challenged.promise;
    await expect(authenticate(initiator, anonymousClient())).rejects.toMatchObject({ replyCode: 550 });
    answered.resolve();
    await first;
    expect(listener.facts.identity).toMatchObject({ mechanism: 'X-STEPS' });
  });

  it('[B12] does not offer PLAIN on a session that is not secured, and refuses it with 538', async () => {
    const { initiator } = connect(false);
    const { profiles } = await initiator.greeting;
    expect(profiles).not.toContain(plainUri);
    expect(profiles).toContain(anonymousUri);
    const careless = plainClient({ authentication: 'bob', password: 'secret', requireSecured: false });
    await expect(authenticate(initiator, careless)).rejects.toMatchObject({ replyCode: 538 });
  });

  it('rejects when the session is lost in the middle', async () => {
    const { listener, initiator } = connect();
    const attempt = authenticate(initiator, bob());
    await listener.greeting;
    listener.abort(new Error('gone'));
    await expect(attempt).rejects.toMatchObject({ code: 'session.lost' });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(listener.facts.identity).toBeUndefined();
  });
});
