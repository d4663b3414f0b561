import { type ApexClient, ApexError, connectWebSocket } from '../src/websocket.ts';

/**
 * The script of a page for tests: `#url=…&endpoint=…&password=…` says as whom it attaches, `see` and `publish` are what
 * a test calls.
 */
const told = new URLSearchParams(location.hash.slice(1));

async function attach(): Promise<ApexClient> {
  const client = await connectWebSocket({
    url: told.get('url') ?? '',
    endpoint: told.get('endpoint') ?? '',
    credentials: { password: told.get('password') ?? '' },
    requireTls: false,
  });
  show(`attached as ${client.endpoint}`);
  return client;
}

const attached = attach();
attached.catch(tell);

function show(text: string): void {
  document.body.append(Object.assign(document.createElement('p'), { textContent: text }));
}

function tell(error: unknown): void {
  show(
    error instanceof ApexError ? `${error.code} ${error.replyCode ?? ''}: ${error.message}` : String(error),
  );
}

Object.assign(window, {
  async see(publisher: string) {
    const client = await attached;
    try {
      const subscription = await client.presence.subscribe(publisher, { durationSeconds: 60 });
      for await (const { tuples } of subscription) show(tuples.map(({ destination }) => destination).join());
    } catch (error) {
      tell(error);
    }
  },
  async publish(destination: string) {
    const client = await attached;
    await client.presence.publish({ tuples: [{ destination, availableUntil: '2525-01-01T00:00:00Z' }] });
  },
});
