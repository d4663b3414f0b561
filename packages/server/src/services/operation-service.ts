import type { XmlElement } from '@apex/beep';
import {
  contentElement,
  isService,
  msFromInstant,
  type Operation,
  parseOperation,
  parseTimestamp,
  readableTransID,
  replyCodeOf,
} from '@apex/protocol';
import type { ServiceData, ServicePort } from '../relay/ports.ts';
import type { EffectPerformer } from '../subject/effects.ts';
import type { RefusedData } from './service.ts';

export interface OperationServiceOptions {
  readonly performer: EffectPerformer;
  /** Told of data that is refused for what it is, or gets no answer (P13). */
  readonly onRefused?: (refused: RefusedData) => void;
}

/**
 * A service whose data holds operations (RFC 3340 §6): what is none of its operations, or is malformed,
 * is answered or dropped here, alike for all services.
 */
export abstract class OperationService implements ServicePort {
  abstract readonly name: string;
  /** Data that got no answer; the number only grows. */
  dropped = 0;
  readonly #options: OperationServiceOptions;

  constructor(options: OperationServiceOptions) {
    this.#options = options;
  }

  receive(data: ServiceData): void {
    const element = this.#element(data);
    if (element === undefined) return;
    // C17
    if (ANSWERS.has(element.name))
      return this.drop(data, 'operation.answer', `answers are not answered: ${element.name}`);
    let operation: Operation;
    try {
      operation = parseOperation(element);
    } catch (error) {
      return this.#refuse(data, element, replyCodeOf(error) ?? 501, error);
    }
    if (this.take(operation, data)) return;
    // P13: an operation of another service
    const error = new Error(`not an operation of this service: ${operation.kind}`);
    this.#refuse(data, element, 504, error);
  }

  /** Takes an operation; false when it is none of this service. */
  protected abstract take(operation: Operation, data: ServiceData): boolean;

  protected drop(data: ServiceData, code: string, text: string): void {
    this.dropped += 1;
    this.#tell(data, undefined, code, text);
  }

  #element(data: ServiceData): XmlElement | undefined {
    try {
      const element = contentElement(data.message);
      if (element !== undefined) return element;
      this.drop(data, 'content.reference', 'the content is not XML, or not in the message');
    } catch (error) {
      this.drop(data, codeOf(error), textOf(error));
    }
    return undefined;
  }

  /** P13: refused when its transID can be read, else dropped. */
  #refuse(data: ServiceData, element: XmlElement, code: number, error: unknown): void {
    const transID = readableTransID(element);
    // C17: no error goes to a service
    if (transID === undefined || isService(data.originator))
      return this.drop(data, codeOf(error), textOf(error));
    const { recipient: service, originator: recipient } = data;
    this.#tell(data, code, codeOf(error), textOf(error));
    this.#options.performer.perform(
      { kind: 'reply', service, recipient, transID, code, text: textOf(error) },
      0,
      1,
    );
  }

  #tell(data: ServiceData, replyCode: number | undefined, code: string, text: string): void {
    const { originator, recipient: service } = data;
    this.#options.onRefused?.({ replyCode, originator, service, code, text });
  }
}

/** C17: what services never answer. */
const ANSWERS: ReadonlySet<string> = new Set(['reply', 'allow', 'deny', 'notify', 'statusResponse']);

/** A4: services give out whole milliseconds, so that a finer instant is none of their own. */
export function wholeMs(timestamp: string): number | undefined {
  const instant = parseTimestamp(timestamp);
  return instant.leap || instant.fraction.length > 3 ? undefined : msFromInstant(instant);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'operation.unknown';
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
