import { counter, type Figure, gauge, type Sample, sample } from './figures/figure.ts';
import type { Relay } from './relay/relay.ts';
import type { EffectMessages } from './services/effect-messages.ts';
import type { OperationService } from './services/operation-service.ts';
import type { ReportCounters } from './services/report/report-service.ts';
import { limitsHelp } from './session-figures.ts';
import type { StoreMeasurement } from './store-measurement.ts';
import type { SubjectOwner } from './subject/owner.ts';

export interface MeasuredDomain {
  readonly relay: Relay;
  readonly owner: SubjectOwner;
  readonly messages: EffectMessages;
  readonly services: readonly OperationService[];
  readonly reports: ReportCounters;
  readonly store: StoreMeasurement;
}

/** What a domain counts, as figures. */
export function domainFigures(domain: MeasuredDomain): readonly Figure[] {
  return [
    ...subjectFigures(domain),
    ...relayFigures(domain),
    ...serviceFigures(domain),
    counter('apex_limits_hit_total', limitsHelp, [
      ...domain.owner.counters.limits.samples('limit'),
      ...domain.relay.counters.limits.samples('limit'),
    ]),
    ...domain.store.figures(),
  ];
}

function subjectFigures({ owner: { counters, sizes } }: MeasuredDomain): readonly Figure[] {
  const { subscribe, watch } = sizes.operationsByKind;
  return [
    gauge('apex_operations', 'Operations in progress.', [
      sample({ kind: 'subscribe' }, subscribe),
      sample({ kind: 'watch' }, watch),
    ]),
    gauge('apex_subjects', 'Subjects in memory.', sizes.subjects),
    gauge('apex_inputs_waiting', 'Inputs that wait for the records of their subject.', sizes.waiting),
    gauge('apex_decisions_pending', 'Decisions that are not on the disk yet.', sizes.undurable),
    counter('apex_decisions_total', 'Decisions about subjects.', counters.decided),
    counter('apex_publishes_total', 'Publishes that were accepted.', counters.published),
    counter('apex_publishes_unchanged_total', 'Those of them that changed nothing.', counters.unchanged),
    counter('apex_operations_expired_total', 'Operations whose time was over.', counters.expired),
    counters.fanOutSubscribers.figure('apex_fan_out_subscribers', 'Subscribers of an accepted publish.'),
    counters.fanOutSeconds.figure(
      'apex_fan_out_duration_seconds',
      'From the time when a publish with subscribers is on the disk until all copies are on their way.',
    ),
  ];
}

function relayFigures({ relay }: MeasuredDomain): readonly Figure[] {
  const { attachments, counters, held, sizes } = relay;
  return [
    gauge('apex_attachments', 'Endpoints that are attached.', attachments.size),
    gauge('apex_guests', 'Anonymous peers that are attached.', attachments.guests),
    gauge('apex_unsent_bytes', 'Octets of data that peers have not taken.', sizes.unsentOctets),
    gauge(
      'apex_deliveries_pending',
      'Data that waits for the answer of its recipient.',
      sizes.unacknowledged,
    ),
    gauge('apex_held_messages', 'Data that is held for its recipient.', held.size),
    gauge('apex_held_bytes', 'Octets of data that is held.', held.octets),
    counter('apex_data_accepted_total', 'Data of peers that was accepted.', counters.accepted),
    counter('apex_data_dropped_total', 'Data that was sent to nobody.', counters.dropped.samples('code')),
    counter('apex_deliveries_total', 'Data that was sent to its recipient, by what became of it.', [
      sample({ outcome: 'acknowledged' }, counters.delivered),
      sample({ outcome: 'refused' }, counters.declined),
      sample({ outcome: 'timed_out' }, counters.overdue),
      sample({ outcome: 'lost' }, counters.lost),
    ]),
    counter('apex_sessions_stalled_total', 'Sessions that kept data waiting for too long.', counters.stalled),
  ];
}

function serviceFigures({ relay, messages, services, reports }: MeasuredDomain): readonly Figure[] {
  const refused: Sample[] = [...relay.counters.refused.samples('code', { service: 'relay' })];
  for (const [service, codes] of messages.counters.refused)
    refused.push(...codes.samples('code', { service }));
  const { refused: _, ...sent } = messages.counters;
  return [
    counter('apex_refusals_total', 'Operations that were refused, by who refused them.', refused),
    counter(
      'apex_service_dropped_total',
      'Data to a service that got no answer.',
      services.map(({ name, dropped }) => sample({ service: name }, dropped)),
    ),
    counter('apex_messages_sent_total', 'What services have sent.', [
      ...Object.entries(sent).map(([kind, count]) =>
        sample({ kind: kindOf[kind as keyof typeof sent] }, count),
      ),
      sample({ kind: 'report' }, reports.reports),
    ]),
  ];
}

const kindOf = {
  replies: 'reply',
  publishes: 'publish',
  notifies: 'notify',
  terminates: 'terminate',
  verdicts: 'verdict',
  entries: 'entry',
} as const;
