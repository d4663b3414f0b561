import { type Data, type DataMessage, formatStatusResponse, type Operation } from '@apex/protocol';
import type { Report, ReportPort } from '../../relay/ports.ts';
import { OperationService, type OperationServiceOptions } from '../operation-service.ts';

/** What the report service counts; the numbers only grow. */
export interface ReportCounters {
  reports: number;
}

export interface ReportServiceOptions extends OperationServiceOptions {
  /** Hands data to the relay, as every endpoint does. */
  readonly originate: (message: DataMessage) => void;
}

/**
 * The report service (RFC 3340 §6.2): the endpoint `apex=report@domain`. It tells originators what
 * became of their data; nobody has anything to ask of it.
 */
export class ReportService extends OperationService implements ReportPort {
  // 3340 §6.2 rule 1
  readonly name = 'report';
  readonly counters: ReportCounters = { reports: 0 };
  readonly #originate: (message: DataMessage) => void;

  constructor(options: ReportServiceOptions) {
    super(options);
    this.#originate = options.originate;
  }

  report({ domain, recipient, transID, destination, options }: Report): void {
    const { identity, code, text } = destination;
    this.counters.reports += 1;
    const data: Data = {
      kind: 'data',
      content: '#Content',
      originator: { identity: `apex=report@${domain}`, options: [] },
      recipients: [{ identity: recipient, options: [] }],
      options,
      dataContent: {
        name: 'Content',
        xml: formatStatusResponse({
          kind: 'statusResponse',
          transID,
          destinations: [{ identity, reply: { code, text } }],
        }),
      },
    };
    this.#originate({ data });
  }

  // 3340 §6.2 rule 3: a consumer does not initiate communications with it
  protected override take(_operation: Operation): boolean {
    return false;
  }
}
