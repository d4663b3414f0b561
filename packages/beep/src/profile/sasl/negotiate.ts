import { UsageError } from '../../errors.ts';
import type { Greeting } from '../../session/facts.ts';
import { type AuthenticateOptions, authenticate, type ChannelStarter } from './authenticate.ts';
import { type ClientMechanism, saslProfileUri } from './mechanism.ts';

/** What is needed of a session to choose a mechanism on it; `Peer` has it. */
export interface GreetedPeer extends ChannelStarter {
  readonly greeting: Promise<Greeting>;
}

/**
 * Authenticates with the first of these mechanisms that the peer offers, and with that one only: when it fails,
 * no weaker one is tried, and one that is not in the list never is, whatever the peer offers. Resolves
 * with the name of the mechanism.
 *
 * Rejects as `authenticate` does, and with UsageError `sasl.mechanism` when none of them is offered.
 * A mechanism that requires a secured session is passed over on one that is not, when another one will do.
 */
export async function negotiate(
  peer: GreetedPeer,
  acceptable: readonly ClientMechanism[],
  options: AuthenticateOptions = {},
): Promise<string> {
  const { profiles } = await peer.greeting;
  const offered = acceptable.filter(({ name }) => profiles.includes(saslProfileUri(name)));
  const chosen = offered.find(({ requireSecured }) => peer.facts.secured || !requireSecured) ?? offered[0];
  if (chosen === undefined) throw noneOffered(acceptable, profiles);
  await authenticate(peer, chosen, options);
  return chosen.name;
}

function noneOffered(acceptable: readonly ClientMechanism[], profiles: readonly string[]): UsageError {
  const prefix = saslProfileUri('');
  const offered = profiles.filter((uri) => uri.startsWith(prefix)).map((uri) => uri.slice(prefix.length));
  const wanted = acceptable.map(({ name }) => name).join(', ');
  return new UsageError(
    'sasl.mechanism',
    `the peer offers none of the acceptable SASL mechanisms (${wanted}); it offers ${offered.join(', ') || 'none'}`,
  );
}
