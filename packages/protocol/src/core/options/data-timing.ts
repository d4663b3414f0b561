import { attribute, type ElementReader, readElement, type XmlElement } from '@apex/beep';
import { MAX_TRANSID } from '../../transaction.ts';
import { findOption, newOption } from '../option.ts';
import type { DataTiming, Option } from '../schemas.ts';
import { elementWithin } from './content.ts';

const NAME = 'dataTiming';
const MILLISECONDS = { min: 0, max: MAX_TRANSID, default: 0 } as const;

/** Reads what a dataTiming option holds. @throws MessageError `element.…` (501) */
export function parseDataTiming(element: XmlElement): DataTiming {
  return readElement(element, NAME, (timing) => ({
    kind: 'dataTiming',
    noLaterThan: timing.integer('noLaterThan', MILLISECONDS),
    returnTrip: timing.integer('returnTrip', MILLISECONDS),
    reportAfter: timing.integer('reportAfter', MILLISECONDS),
    reportErrors: readReportErrors(timing),
  }));
}

/** Attributes that have their default are left out (RFC 3342 §2.1.1 asks for that). */
export function formatDataTiming(value: DataTiming): string {
  return (
    `<${NAME}` +
    attribute('noLaterThan', value.noLaterThan || undefined) +
    attribute('returnTrip', value.returnTrip || undefined) +
    attribute('reportAfter', value.reportAfter || undefined) +
    `${value.reportErrors ? " reportErrors='true'" : ''} />`
  );
}

/**
 * The dataTiming among `options`; undefined when there is none.
 * @throws MessageError `element.…` (501)
 */
export function dataTimingOf(options: readonly Option[]): DataTiming | undefined {
  const option = findOption(options, NAME);
  return option === undefined ? undefined : parseDataTiming(elementWithin(option, NAME));
}

/** RFC 3342 §2: targetHop is "all" and mustUnderstand is "true". */
export function dataTimingOption(value: DataTiming, transID: number): Option {
  return newOption({
    internal: NAME,
    targetHop: 'all',
    mustUnderstand: true,
    transID,
    content: formatDataTiming(value),
  });
}

/** The attribute that dataTiming and dataHopping share. */
export function readReportErrors(reader: ElementReader): boolean {
  return reader.choice('reportErrors', ['true', 'false'], 'false') === 'true';
}
