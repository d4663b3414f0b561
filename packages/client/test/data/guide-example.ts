import { type ApexClient, textOf } from '../../src/index.ts';

/** What docs/guides/messages.md shows; wilma's application is closed at the end. */
export async function converse(fred: ApexClient, wilma: ApexClient): Promise<void> {
  const reading = read(wilma);
  await fred.send('wilma@example.com', { text: 'yabba dabba doo' });
  await askForStatus(fred);
  await wilma.close();
  await reading;
}

async function read(wilma: ApexClient): Promise<void> {
  for await (const received of wilma.incoming) console.log(received.originator, textOf(received));
}

async function askForStatus(fred: ApexClient): Promise<void> {
  const sent = await fred.send(
    ['wilma@example.com', 'barney@example.com'],
    { text: 'now?' },
    { status: true },
  );
  const outcomes = await sent.outcomes({ timeoutMs: 10_000 });
  console.log(outcomes.get('wilma@example.com')?.kind);
}
