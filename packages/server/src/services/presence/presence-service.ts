import type { XmlElement } from '@apex/beep';
import {
  contentElement,
  formatTuples,
  isService,
  msFromInstant,
  type Operation,
  type Presence,
  type Publish,
  parseOperation,
  parseTimestamp,
  readableTransID,
  replyCodeOf,
} from '@apex/protocol';
import type { ServiceData, ServicePort } from '../../relay/ports.ts';
import type { EffectPerformer } from '../../subject/effects.ts';
import type { PublishedEntry } from '../../subject/input.ts';
import type { SubjectOwner } from '../../subject/owner.ts';
import type { RefusedData } from '../service.ts';

export interface PresenceServiceOptions {
  readonly owner: Pick<SubjectOwner, 'submit' | 'terminate'>;
  readonly performer: EffectPerformer;
  /** Told of data that is refused for what it is, or gets no answer (P13). */
  readonly onRefused?: (refused: RefusedData) => void;
}

/** The presence service (RFC 3343 §4 rule 1 and 3): the endpoint `apex=presence@domain`. */
export class PresenceService implements ServicePort {
  readonly name = 'presence';
  /** Data that got no answer; the number only grows. */
  dropped = 0;
  readonly #options: PresenceServiceOptions;

  constructor(options: PresenceServiceOptions) {
    this.#options = options;
  }

  receive(data: ServiceData): void {
    const element = this.#element(data);
    if (element === undefined) return;
    // C17
    if (ANSWERS.has(element.name))
      return this.#drop(data, 'operation.answer', `answers are not answered: ${element.name}`);
    let operation: Operation;
    try {
      operation = parseOperation(element);
    } catch (error) {
      return this.#refuse(data, element, replyCodeOf(error) ?? 501, error);
    }
    this.#take(data, element, operation);
  }

  #take(data: ServiceData, element: XmlElement, operation: Operation): void {
    const { owner } = this.#options;
    const { originator, recipient: service } = data;
    // 3343 §2.1, §2.2, §2.3
    switch (operation.kind) {
      case 'subscribe':
      case 'watch': {
        const { kind, publisher, transID, duration: durationSeconds } = operation;
        return owner.submit(publisher, { kind, service, originator, transID, durationSeconds });
      }
      case 'publish': {
        const { publisher, transID } = operation;
        return owner.submit(publisher, {
          kind: 'publish',
          service,
          originator,
          transID,
          entry: entryOf(operation),
        });
      }
      case 'terminate': {
        const { transID } = operation;
        // P3: 0 names no operation
        if (transID === 0) return this.#drop(data, 'transaction.zero', 'terminate names no transID');
        return owner.terminate({ kind: 'terminate', service, originator, transID });
      }
      default:
        // P13: an operation of another service
        return this.#refuse(
          data,
          element,
          504,
          new Error(`not an operation of this service: ${operation.kind}`),
        );
    }
  }

  #element(data: ServiceData): XmlElement | undefined {
    try {
      const element = contentElement(data.message);
      if (element !== undefined) return element;
      this.#drop(data, 'content.reference', 'the content is not XML, or not in the message');
    } catch (error) {
      this.#drop(data, codeOf(error), textOf(error));
    }
    return undefined;
  }

  /** P13: refused when its transID can be read, else dropped. */
  #refuse(data: ServiceData, element: XmlElement, code: number, error: unknown): void {
    const transID = readableTransID(element);
    // C17: no error goes to a service
    if (transID === undefined || isService(data.originator))
      return this.#drop(data, codeOf(error), textOf(error));
    const { recipient: service, originator: recipient } = data;
    this.#tell(data, code, codeOf(error), textOf(error));
    this.#options.performer.perform(
      { kind: 'reply', service, recipient, transID, code, text: textOf(error) },
      0,
      1,
    );
  }

  #drop(data: ServiceData, code: string, text: string): void {
    this.dropped += 1;
    this.#tell(data, undefined, code, text);
  }

  #tell(data: ServiceData, replyCode: number | undefined, code: string, text: string): void {
    const { originator, recipient: service } = data;
    this.#options.onRefused?.({ replyCode, originator, service, code, text });
  }
}

/** C17: what services never answer. */
const ANSWERS: ReadonlySet<string> = new Set(['reply', 'allow', 'deny', 'notify', 'statusResponse']);

function entryOf({ presence }: Publish): PublishedEntry {
  let capabilityOctets = 0;
  for (const { capabilities } of presence.tuples) {
    for (const { value } of capabilities) capabilityOctets += Buffer.byteLength(value);
  }
  return {
    publisher: presence.publisher,
    lastUpdate: wholeMs(presence),
    publisherInfo: presence.publisherInfo,
    tuplesXml: formatTuples(presence.tuples),
    tupleCount: presence.tuples.length,
    capabilityOctets,
  };
}

/** A4: the service gives out whole milliseconds, so a finer instant is none of its own. */
function wholeMs({ lastUpdate }: Presence): number | undefined {
  const instant = parseTimestamp(lastUpdate);
  return instant.leap || instant.fraction.length > 3 ? undefined : msFromInstant(instant);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'operation.unknown';
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
