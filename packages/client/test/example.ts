import { connect } from '../src/tcp.ts';

/** fred and wilma at the server that listens on this port of this machine. */
export async function converse(port: number, password: string): Promise<void> {
  const place = { host: '127.0.0.1', port, credentials: { password }, requireTls: false };

  // Each application attaches as a subaddress of its own.
  await using fred = await connect({ ...place, endpoint: 'fred/desk@example.com' });
  await using wilma = await connect({ ...place, endpoint: 'wilma/phone@example.com' });

  await fred.presence.publish({
    tuples: [{ destination: 'mailto:fred@example.com', availableUntil: '2030-01-01T00:00:00Z' }],
  });

  // The current entry comes first, then each change.
  const subscription = await wilma.presence.subscribe('fred@example.com', { durationSeconds: 3600 });
  for await (const entry of subscription) {
    console.log(entry.publisher, entry.tuples[0]?.destination);
    break; // ends the subscription at the service, too
  }
}
