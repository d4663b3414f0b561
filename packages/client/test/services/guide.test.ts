import { createServer, MemoryStore, type ServerEvent, type ServiceDefinition } from '@apex/server';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { connect, textOf } from '../../src/tcp.ts';
import { expectExamples } from '../guides.ts';
import { serve } from './guide-example.ts';

it('[3340 §6] the examples in the guide run', async () => {
  expectExamples('services.md', './services/guide-example.ts');
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await serve();
  const lines = log.mock.calls.map((words) => words.join(' '));
  log.mockRestore();
  expect(lines.toSorted()).toEqual([
    'apex=time@example.com <now>12:00</now>',
    'desk@example.com until 18:00',
  ]);
});

async function start(services: readonly ServiceDefinition[], events: ServerEvent[] = []) {
  const server = await createServer({
    domain: ['example.com', 'rubble.com'],
    store: new MemoryStore(),
    listen: { host: '127.0.0.1', port: 0 },
    requireTls: false,
    iterations: 4096,
    services,
    onEvent: (event) => events.push(event),
  });
  onTestFinished(() => server.close());
  await server.administration.addEndpoint('fred@example.com', 'yabba');
  const fred = await connect({
    ...server.address,
    endpoint: 'fred@example.com',
    credentials: { password: 'yabba' },
    requireTls: false,
  });
  onTestFinished(() => fred.close());
  return { server, fred };
}

describe('a service of a program', () => {
  it('[3340 §6] is an endpoint in each domain, and answers as the one that was asked', async () => {
    const echo: ServiceDefinition = {
      name: 'echo',
      start:
        ({ send }) =>
        ({ originator, recipient }) =>
          send({ from: recipient, to: originator, xml: '<echo />' }),
    };
    const { fred } = await start([echo]);
    for (const service of ['apex=echo@example.com', 'apex=echo@rubble.com']) {
      await fred.send(service, { text: 'hello' });
      for await (const { originator } of fred.incoming) {
        expect(originator).toBe(service);
        break;
      }
    }
  });

  it('[C7] is as closed as its access entries make it', async () => {
    const heard: string[] = [];
    const { server, fred } = await start([
      { name: 'ear', start: () => (data) => void heard.push(data.originator) },
    ]);
    await server.administration.setAccess('apex=ear@example.com', '*@*', ['all:none']);
    const outcomes = await (
      await fred.send('apex=ear@example.com', { text: '?' }, { status: true })
    ).outcomes();
    expect(outcomes.get('apex=ear@example.com')).toMatchObject({ kind: 'failed', replyCode: 537 });
    expect(heard).toEqual([]);
  });

  it('tells what it throws to the log, and serves on', async () => {
    const events: ServerEvent[] = [];
    const broken: ServiceDefinition = {
      name: 'broken',
      start: ({ send }) => {
        let asked = 0;
        return ({ originator: to, recipient: from }) => {
          asked += 1;
          if (asked === 1) throw new Error('out of order');
          if (asked === 2) send({ from: 'fred@example.com', to, xml: '<forged />' });
          if (asked === 3) send({ from, to, xml: '<open>' });
          send({ from, to, xml: '<works />' });
        };
      },
    };
    const { fred } = await start([broken], events);
    for (let count = 0; count < 4; count += 1) await fred.send('apex=broken@example.com', { text: '?' });
    for await (const received of fred.incoming) {
      expect(textOf(received)).toBe('<works />');
      break;
    }
    const failed = events.filter(({ name }) => name === 'service.failed');
    expect(failed).toMatchObject([
      { level: 'error', service: 'apex=broken@example.com', text: 'out of order' },
      { text: 'fred@example.com is no endpoint of the service broken' },
      { text: expect.stringContaining('an end tag of another name') },
    ]);
  });

  it.each(['presence', 'Time', 'a@b', ''])('is not named "%s"', async (name) => {
    const options = {
      domain: 'example.com',
      store: new MemoryStore(),
      listen: { host: '127.0.0.1', port: 0 },
    };
    const server = createServer({ ...options, services: [{ name, start: () => () => {} }] });
    await expect(server).rejects.toMatchObject({ code: 'service.name' });
  });
});
