import { counter, type Figure, gauge } from './figures/figure.ts';
import { type SessionLimitName, sessionLimitNames } from './figures/limit-name.ts';
import { Tally } from './figures/tally.ts';

/** How the peer of a session has connected. */
export type SessionTransport = 'tcp' | 'tls' | 'websocket';

const transports: readonly SessionTransport[] = ['tcp', 'tls', 'websocket'];

/** What is counted about sessions, in the process that holds them. */
export class SessionCounters {
  /** All that have begun, and all that are over. */
  readonly begun = new Tally<SessionTransport>(transports);
  readonly over = new Tally<SessionTransport>(transports);
  /** Those that were ended for what their peer did, or did not do in time, by code. */
  readonly ended = new Tally<string>();
  /** Messages that are no valid ones, by code. */
  readonly refusedMessages = new Tally<string>();
  readonly limits = new Tally<SessionLimitName>(sessionLimitNames);

  figures(): readonly Figure[] {
    const open = transports.map((transport) => ({
      labels: { transport },
      value: this.begun.of(transport) - this.over.of(transport),
    }));
    return [
      gauge('apex_sessions', 'Open sessions, by how their peers have connected.', open),
      counter('apex_sessions_opened_total', 'Sessions that have begun.', this.begun.samples('transport')),
      counter(
        'apex_sessions_ended_total',
        'Sessions that were ended for what their peer did, or did not do in time.',
        this.ended.samples('code'),
      ),
      counter(
        'apex_messages_refused_total',
        'Messages of peers that were no valid ones.',
        this.refusedMessages.samples('code'),
      ),
      counter('apex_limits_hit_total', limitsHelp, this.limits.samples('limit')),
    ];
  }
}

export const limitsHelp = 'How often a limit was met.';

/** The limits that sessions keep to by themselves, by the code with which they say so. */
export const limitOfCode: ReadonlyMap<string, SessionLimitName> = new Map([
  ['limit.rate', 'rate'],
  ['limit.message', 'messageOctets'],
  ['limit.unfinished', 'sessionOctets'],
  ['limit.exchanges', 'sessionOctets'],
  ['limit.authentication', 'authenticationSeconds'],
  ['limit.attach', 'attachSeconds'],
  ['limit.idle', 'idleSeconds'],
]);
