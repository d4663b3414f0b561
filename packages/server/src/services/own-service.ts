import { MessageError, UsageError, type XmlElement } from '@apex/beep';
import {
  contentElement,
  type DataMessage,
  encodeDataMessage,
  type Option,
  parseDataMessage,
} from '@apex/protocol';
import type { AccessVerdict, ServiceData, ServicePort } from '../relay/ports.ts';

/**
 * A service beside those of the RFCs (RFC 3340 §6): the endpoint `apex=NAME@domain` in each domain of the server. The
 * relay asks for `core:data` before it hands data over, which everybody has to a service unless an access entry of the
 * service says otherwise; what else somebody may do is for the service to ask.
 */
export interface ServiceDefinition {
  /** The part behind `apex=`: registered (RFC 3340 §7.2), or known here alone. */
  readonly name: string;
  /** Called once, before anybody attaches; what it returns takes the data that comes. */
  start(context: ServiceContext): ServiceReceiver;
}

/**
 * Takes data that the relay has accepted. Its sender has had `ok` (C4), so that what a service makes of it is said in
 * data that it sends. What it throws or rejects with is told to the server's `onEvent` as `service.failed`.
 */
export type ServiceReceiver = (data: OwnServiceData) => void | Promise<void>;

/** Data for a service that a program adds. */
export interface OwnServiceData extends ServiceData {
  /** What the content is, when it is one element of XML. */
  readonly element: XmlElement | undefined;
}

/** What a service can do. */
export interface ServiceContext {
  /** In lower case. */
  readonly domains: readonly string[];
  /**
   * Sends data, as well as the relay can.
   * @throws UsageError `service.originator` when `from` is no endpoint of this service; MessageError for XML that is not
   * well formed (500), for names of recipients and for options that are not valid (501)
   */
  send(message: ServiceMessage): void;
  /** Whether an entry of `owner` lets `actor` do `action`, such as `directory:search`; `unknown` without such an owner. */
  check(owner: string, actor: string, action: string): Promise<AccessVerdict>;
}

/** What a service that a program adds sends. */
export interface ServiceMessage {
  /** The endpoint of the service that sends: that which was asked, the `recipient` of what it took. */
  readonly from: string;
  readonly to: string | readonly string[];
  /** One element, well formed; names without a prefix, or with namespaces that it declares. */
  readonly xml: string;
  readonly options?: readonly Option[];
}

export interface OwnServiceOptions {
  readonly definition: ServiceDefinition;
  readonly domains: readonly string[];
  readonly originate: (message: DataMessage) => void;
  readonly check: ServiceContext['check'];
  readonly failed: (service: string, error: unknown) => void;
}

/** @throws UsageError `service.name` for a name that is none, or taken */
export function requireServiceNames(definitions: readonly ServiceDefinition[]): void {
  const taken = new Set(['report', 'presence', 'access']);
  for (const { name } of definitions) {
    if (!/^[a-z0-9][a-z0-9._-]*$/.test(name)) {
      throw new UsageError('service.name', `"${name}": a service is named in a-z, 0-9, ".", "_" and "-"`);
    }
    if (taken.has(name)) throw new UsageError('service.name', `there is a service ${name} already`);
    taken.add(name);
  }
}

/** A service that a program adds, as the relay sees it. */
export class OwnService implements ServicePort {
  readonly name: string;
  readonly #receive: ServiceReceiver;
  readonly #failed: OwnServiceOptions['failed'];

  constructor({ definition, domains, originate, check, failed }: OwnServiceOptions) {
    this.name = definition.name;
    this.#failed = failed;
    const endpoints = new Set(domains.map((domain) => `apex=${definition.name}@${domain}`));
    this.#receive = definition.start({
      domains,
      check,
      send({ from, to, xml, options = [] }) {
        if (!endpoints.has(from)) {
          throw new UsageError(
            'service.originator',
            `${from} is no endpoint of the service ${definition.name}`,
          );
        }
        const recipients = (typeof to === 'string' ? [to] : to).map((identity) => ({
          identity,
          options: [],
        }));
        const data = {
          kind: 'data',
          content: '#Content',
          originator: { identity: from, options: [] },
          recipients,
          options,
          dataContent: { name: 'Content', xml },
        } as const;
        // Read as it will be by those who get it: what is malformed is the mistake of nobody else.
        originate(parseDataMessage(encodeDataMessage({ data })));
      },
    });
  }

  receive(data: ServiceData): void {
    void this.#take(data);
  }

  async #take(data: ServiceData): Promise<void> {
    try {
      await this.#receive({ ...data, element: elementOf(data.message) });
    } catch (error) {
      this.#failed(data.recipient, error);
    }
  }
}

function elementOf(message: DataMessage): XmlElement | undefined {
  try {
    return contentElement(message);
  } catch (error) {
    if (error instanceof MessageError) return undefined;
    throw error;
  }
}
