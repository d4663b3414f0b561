import { attribute, readElement, type XmlElement } from '@apex/beep';
import { findOption, newOption } from '../option.ts';
import type { DataHopping, Option } from '../schemas.ts';
import { elementWithin } from './content.ts';
import { readReportErrors } from './data-timing.ts';

const NAME = 'dataHopping';
const HOPS = { min: 0, max: 255, default: 0 } as const;

/** Reads what a dataHopping option holds. @throws MessageError `element.…` (501) */
export function parseDataHopping(element: XmlElement): DataHopping {
  return readElement(element, NAME, (hopping) => ({
    kind: 'dataHopping',
    noMoreThan: hopping.integer('noMoreThan', HOPS),
    reportErrors: readReportErrors(hopping),
  }));
}

/** Writes what a dataHopping option holds. The value is not checked. */
export function formatDataHopping(value: DataHopping): string {
  const noMoreThan = attribute('noMoreThan', value.noMoreThan || undefined);
  return `<${NAME}${noMoreThan}${value.reportErrors ? " reportErrors='true'" : ''} />`;
}

/**
 * The dataHopping among `options`; undefined when there is none.
 * @throws MessageError `element.…` (501)
 */
export function dataHoppingOf(options: readonly Option[]): DataHopping | undefined {
  const option = findOption(options, NAME);
  return option === undefined ? undefined : parseDataHopping(elementWithin(option, NAME));
}

/** RFC 3342 §4: targetHop is "all" and mustUnderstand is "true". */
export function dataHoppingOption(value: DataHopping, transID: number): Option {
  return newOption({
    internal: NAME,
    targetHop: 'all',
    mustUnderstand: true,
    transID,
    content: formatDataHopping(value),
  });
}
