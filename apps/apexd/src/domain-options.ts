import type { DomainOptions } from '@apex/server';
import type { Config } from './config.ts';

/** The part of a configuration that says how the domains behave, with or without a listener. */
export function domainOptions(config: Config): Omit<DomainOptions, 'store' | 'mesh'> {
  const { limits } = config;
  return {
    domain: config.domains.map(({ domain }) => domain),
    accessDefaults: (domain) =>
      (config.domains.find((each) => each.domain === domain)?.access ?? config.access).defaults,
    timestampSuffix: config.presence.timestampSuffix,
    iterations: config.auth.iterations,
    mechanisms: config.auth.mechanisms,
    guest: config.auth.guest,
    disabledOptions: config.options.disabled,
    limits: {
      deliveryMs: limits.deliverySeconds * 1000,
      unsentOctets: limits.unsentOctets,
      attachmentsPerSession: limits.attachmentsPerSession,
      guests: limits.guests,
      operationsPerGuest: limits.operationsPerGuest,
      guestDurationSeconds: limits.guestSeconds,
      tuples: limits.tuplesPerEntry,
      capabilityOctets: limits.capabilityOctets,
      publishesPerSecond: limits.publishesPerSecond,
      operationsPerOriginator: limits.operationsPerOriginator,
      subscribersPerPublisher: limits.subscribersPerPublisher,
      accessEntries: limits.accessEntriesPerEndpoint,
      durationSeconds: limits.durationSeconds,
      cachedSubjects: limits.cachedSubjects,
      heldMessagesPerEndpoint: limits.heldMessagesPerEndpoint,
      heldOctetsPerEndpoint: limits.heldOctetsPerEndpoint,
      heldSeconds: limits.heldSeconds,
    },
  };
}
