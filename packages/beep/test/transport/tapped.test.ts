import { expect, it } from 'vitest';
import { memoryPair } from '../../src/transport/memory.ts';
import { tapped } from '../../src/transport/tapped.ts';

const text = (octets: Uint8Array): string => new TextDecoder().decode(octets);
const octets = (word: string): Uint8Array => new TextEncoder().encode(word);

it('tells of what passes in both directions, in order, and changes nothing of it', async () => {
  const [near, far] = memoryPair();
  const passed: string[] = [];
  const transport = tapped(near, (direction, some) => passed.push(`${direction} ${text(some)}`));
  const got: string[] = [];
  const closed = Promise.withResolvers<Error | undefined>();
  const received = Promise.withResolvers<void>();
  transport.open({
    received(some) {
      got.push(text(some));
      transport.write(octets('answer'));
    },
    drained() {},
    closed: (error) => closed.resolve(error),
  });
  far.open({
    received(some) {
      got.push(text(some));
      received.resolve();
    },
    drained() {},
    closed() {},
  });
  far.write(octets('question'));
  await received.promise;
  expect(got).toEqual(['question', 'answer']);
  expect(passed).toEqual(['received question', 'sent answer']);
  far.close();
  expect(await closed.promise).toBeUndefined();
});

it('is paused, resumed, closed and aborted as the transport itself', () => {
  const calls: string[] = [];
  const call = (name: string) => (): void => void calls.push(name);
  const certificate = { commonName: 'a', dnsNames: [], mailAddresses: [], fingerprint: 'b' };
  const [near] = memoryPair();
  const transport = tapped(
    Object.assign(Object.create(near), {
      remoteAddress: 'somewhere:1',
      secured: true,
      certificate,
      close: call('close'),
      abort: call('abort'),
      pause: call('pause'),
      resume: call('resume'),
      write: () => false,
    }),
    () => {},
  );
  transport.pause();
  transport.resume();
  transport.close();
  transport.abort();
  expect(calls).toEqual(['pause', 'resume', 'close', 'abort']);
  expect(transport.write(octets('much'))).toBe(false);
  expect([transport.remoteAddress, transport.secured, transport.certificate]).toEqual([
    'somewhere:1',
    true,
    certificate,
  ]);
});
