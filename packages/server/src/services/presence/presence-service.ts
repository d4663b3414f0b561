import { formatTuples, type Operation, type Presence } from '@apex/protocol';
import type { ServiceData } from '../../relay/ports.ts';
import type { PublishedEntry } from '../../subject/input.ts';
import { wholeMs } from '../operation-service.ts';
import { SubjectService } from '../subject-service.ts';

/** The presence service (RFC 3343 §4 rule 1 and 3): the endpoint `apex=presence@domain`. */
export class PresenceService extends SubjectService {
  readonly name = 'presence';

  protected override take(operation: Operation, data: ServiceData): boolean {
    const { originator, recipient: service, span } = data;
    // 3343 §2.1, §2.2, §2.3
    switch (operation.kind) {
      case 'subscribe':
      case 'watch': {
        const { kind, publisher, transID, duration: durationSeconds } = operation;
        this.owner.submit(publisher, { kind, service, originator, transID, durationSeconds, span });
        return true;
      }
      case 'publish': {
        const { publisher, transID } = operation;
        const entry = entryOf(operation.presence);
        this.owner.submit(publisher, { kind: 'publish', service, originator, transID, entry, span });
        return true;
      }
      case 'terminate': {
        const { transID } = operation;
        // P3: 0 names no operation
        if (transID === 0) this.drop(data, 'transaction.zero', 'terminate names no transID');
        else this.owner.terminate({ kind: 'terminate', service, originator, transID, span });
        return true;
      }
      default:
        return false;
    }
  }
}

/** As far as a decision needs it. */
export function entryOf(presence: Presence): PublishedEntry {
  let capabilityOctets = 0;
  for (const { capabilities } of presence.tuples) {
    for (const { value } of capabilities) capabilityOctets += Buffer.byteLength(value);
  }
  return {
    publisher: presence.publisher,
    lastUpdate: wholeMs(presence.lastUpdate),
    publisherInfo: presence.publisherInfo,
    tuplesXml: formatTuples(presence.tuples),
    tupleCount: presence.tuples.length,
    capabilityOctets,
  };
}
