import { describe, expect, it } from 'vitest';
import { MessageError, UsageError } from '../../../src/errors.ts';
import type { ServerStep } from '../../../src/profile/sasl/mechanism.ts';
import { type PlainServerOptions, plainClient, plainServer } from '../../../src/profile/sasl/plain.ts';
import { FakeSession } from './fakes.ts';

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

const passwords = new Map([
  ['tim', 'tanstaaftanstaaf'],
  ['Kurt', 'xipj3plmq'],
  ['名', '\ufeffpässword 😀'],
  ['a'.repeat(255), 'b'.repeat(255)],
]);
const asked: string[] = [];
const verifier = {
  verify: async (authentication: string, password: string) => {
    asked.push(authentication);
    return passwords.get(authentication) === password;
  },
};

const respond = async (
  message: Uint8Array | string | undefined,
  options: Partial<PlainServerOptions> = {},
): Promise<ServerStep> => {
  const exchange = plainServer({ verifier, ...options }).start(new FakeSession().facts);
  return exchange.respond(typeof message === 'string' ? octets(message) : message);
};
const as = (authorization: string) => ({ kind: 'complete', identity: { authorization } });
const failure = async (message: string, options?: Partial<PlainServerOptions>): Promise<string> => {
  const step = await respond(message, options);
  return step.kind === 'failed' ? `${step.error.replyCode} ${step.error.text}` : step.kind;
};

describe('plainServer', () => {
  it('[4616 §4] takes the first example: the identity follows from the credentials', async () => {
    expect(await respond('\0tim\0tanstaaftanstaaf')).toEqual(as('tim'));
  });

  it('[4616 §4] refuses the second example: one may not act as another', async () => {
    expect(await failure('Ursel\0Kurt\0xipj3plmq')).toBe(
      '535 not authorized to act as the requested identity',
    );
  });

  it('lets the application say who may act as whom', async () => {
    const authorize = (requested: string | undefined, authentication: string) =>
      authentication === 'Kurt' ? (requested ?? 'kurt@example.com') : undefined;
    expect(await respond('Ursel\0Kurt\0xipj3plmq', { authorize })).toEqual(as('Ursel'));
    expect(await respond('\0Kurt\0xipj3plmq', { authorize })).toEqual(as('kurt@example.com'));
    expect(await failure('\0tim\0tanstaaftanstaaf', { authorize })).toMatch(/^535/);
  });

  it('[B13] gives an unknown identity and a wrong password the same answer after the same work', async () => {
    asked.length = 0;
    const wrong = await failure('\0tim\0wrong');
    expect(wrong).toBe('535 authentication failed');
    expect(await failure('\0tom\0wrong')).toBe(wrong);
    expect(await failure('tim\0tom\0wrong')).toBe(wrong);
    expect(asked).toEqual(['tim', 'tom', 'tom']);
  });

  it('[4422 §5] gives an empty challenge when there is no initial response', async () => {
    expect(await respond(undefined)).toEqual({ kind: 'challenge', data: new Uint8Array(0) });
  });

  it('[4616 §2] accepts parts of 255 octets and any UTF-8 but NUL', async () => {
    expect(await respond(`\0${'a'.repeat(255)}\0${'b'.repeat(255)}`)).toEqual(as('a'.repeat(255)));
    expect(await respond('名\0名\0\ufeffpässword 😀')).toEqual(as('名'));
  });

  it.each([
    ['nothing', octets('')],
    ['one part', octets('tim')],
    ['two parts', octets('tim\0secret')],
    ['four parts', octets('\0tim\0secret\0')],
    ['no authentication identity', octets('tim\0\0secret')],
    ['no password', octets('\0tim\0')],
    ['a part that is too long', octets(`\0tim\0${'secret'.repeat(1000)}`)],
    ['a part that is not UTF-8', Uint8Array.of(0, 0x74, 0, 0xff)],
    ['a surrogate in UTF-8', Uint8Array.of(0, 0x74, 0, 0xed, 0xa0, 0x80)],
  ])('[4616 §2] refuses %s without showing it', async (_name, message) => {
    const error = await respond(message).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MessageError);
    expect(error).toMatchObject({ code: 'sasl.plain', replyCode: 501 });
    expect((error as Error).message).not.toMatch(/tim|secret/);
  });

  it('[B12] requires a secured session unless configured otherwise', () => {
    expect(plainServer({ verifier }).requireSecured).toBe(true);
    expect(plainServer({ verifier, requireSecured: false }).requireSecured).toBe(false);
  });
});

describe('plainClient', () => {
  it('[4616 §2] writes the three parts', async () => {
    const written = async (credentials: Parameters<typeof plainClient>[0]) =>
      new TextDecoder().decode(await plainClient(credentials).initial());
    expect(await written({ authentication: 'tim', password: 'tanstaaftanstaaf' })).toBe(
      '\0tim\0tanstaaftanstaaf',
    );
    expect(await written({ authorization: 'Ursel', authentication: 'Kurt', password: 'xipj3plmq' })).toBe(
      'Ursel\0Kurt\0xipj3plmq',
    );
  });

  it('[4616 §2] refuses what PLAIN cannot carry, without showing it', () => {
    for (const wrong of ['', 'a\0b', '\ud800']) {
      expect(() => plainClient({ authentication: wrong, password: 'secret' })).toThrow(UsageError);
      expect(() => plainClient({ authentication: 'tim', password: wrong })).toThrow(UsageError);
    }
    expect(() => plainClient({ authorization: '\0', authentication: 'tim', password: 'secret' })).toThrow(
      /^(?!.*(tim|secret))/,
    );
  });
});
