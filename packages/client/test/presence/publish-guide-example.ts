import { type ApexClient, ApexError, type ConnectOptions, connect } from '../../src/tcp.ts';

/** What docs/guides/publish.md shows. */

export async function attach(place: Pick<ConnectOptions, 'host' | 'port' | 'requireTls'>, password: string) {
  const client = await connect({
    ...place,
    endpoint: 'fred/desk@example.com',
    credentials: { password },
  });
  console.log(client.endpoint, client.state);
  return client;
}

export async function publish(client: ApexClient): Promise<void> {
  await client.presence.publish({
    publisherInfo: 'http://www.example.com/fred/',
    tuples: [
      {
        destination: 'apex:fred/desk@example.com',
        availableUntil: inMinutes(60),
        tupleInfo: 'http://www.example.com/fred/desk/',
        capabilities: [{ baseline: 'http://www.rfc-editor.org/rfc/rfc2533.txt', value: '(type=text)' }],
      },
    ],
  });
}

function inMinutes(minutes: number): string {
  return new Date(Date.now() + minutes * 60_000).toISOString();
}

/** Another application of fred's, with a way to reach him of its own. */
export async function addPhone(phone: ApexClient): Promise<void> {
  await phone.presence.publish((current) => ({
    publisherInfo: current.publisherInfo,
    tuples: [
      ...current.tuples.filter(({ destination }) => destination !== 'tel:+15550100'),
      { destination: 'tel:+15550100', availableUntil: inMinutes(15) },
    ],
  }));
}

export async function leave(client: ApexClient): Promise<void> {
  await client.presence.publish((current) => ({
    publisherInfo: current.publisherInfo,
    tuples: current.tuples.map((tuple) => ({ ...tuple, availableUntil: inMinutes(0) })),
  }));
  await client.close();
}

export async function tellWhatWentWrong(client: ApexClient): Promise<void> {
  try {
    await client.presence.publish({ tuples: [] });
  } catch (error) {
    if (!(error instanceof ApexError)) throw error;
    console.log(error.code, error.replyCode);
  }
}
