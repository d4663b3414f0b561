import { attribute, readElement, type XmlElement } from '@apex/beep';
import { parentElement, readOptionalTransID } from '../attribute.ts';
import { isLanguage, isNmtoken } from '../datatype.ts';
import { isUri } from '../uri.ts';
import type { Option, Scope } from './schemas.ts';
import { formatScope, scopeWithin } from './scope.ts';
import { reports } from './xml-content.ts';

const DEFAULT_LOCALIZE = ['i-default'] as const;

/** `inherited` is what the elements around it declare. */
export function parseOption(element: XmlElement, inherited?: Scope): Option {
  return readElement(element, 'option', (option) => {
    // 3340 §9.1: the default of both is the empty string, which is as good as absent.
    const internal = option.optional('internal') || undefined;
    const external = option.optional('external') || undefined;
    // 3340 §5 rule 5: exactly one of "internal" and "external" is present.
    if ((internal === undefined) === (external === undefined)) {
      throw option.invalidContent('exactly one of internal and external is expected');
    }
    if (internal !== undefined && !isNmtoken(internal)) throw option.invalidValue('internal', 'an NMTOKEN');
    // 3340 §5 rule 11: a relative URI is not allowed.
    if (external !== undefined && !isUri(external)) throw option.invalidValue('external', 'an absolute URI');
    const transID = readOptionalTransID(option);
    // 3340 §5 rule 8, C6: an option that never reports may leave its transID out.
    if (transID.transID === undefined && reports(internal)) option.required('transID');
    // 3340 §5 rule 9
    const localize = option.optional('localize') === undefined ? DEFAULT_LOCALIZE : option.tokens('localize');
    if (!localize.every(isLanguage)) throw option.invalidValue('localize', 'a list of language tags');
    // 3340 §5 rule 6, 3340 §5 rule 10: read in an attach too, where they have no meaning.
    const targetHop = option.choice('targetHop', ['this', 'final', 'all'], 'final');
    // 3340 §5 rule 7
    const mustUnderstand = option.choice('mustUnderstand', ['true', 'false'], 'false') === 'true';
    const content = option.inner();
    const scope = content === '' ? undefined : scopeWithin(element, inherited);
    return {
      ...(internal === undefined ? {} : { internal }),
      ...(external === undefined ? {} : { external }),
      targetHop,
      mustUnderstand,
      ...transID,
      localize,
      content,
      ...(scope === undefined ? {} : { scope }),
    };
  });
}

/** Writes an option. The value is not checked. */
export function formatOption(option: Option): string {
  const { localize } = option;
  const isDefault = localize.length === 1 && localize[0] === DEFAULT_LOCALIZE[0];
  return parentElement(
    'option',
    attribute('internal', option.internal) +
      attribute('external', option.external) +
      (option.targetHop === 'final' ? '' : attribute('targetHop', option.targetHop)) +
      (option.mustUnderstand ? " mustUnderstand='true'" : '') +
      attribute('transID', option.transID) +
      (isDefault ? '' : attribute('localize', localize.join(' '))) +
      formatScope(option.scope),
    option.content,
  );
}

/** The `option` elements, one after the other; they are not checked. */
export function formatOptions(options: readonly Option[]): string {
  return options.length === 0 ? '' : options.map(formatOption).join('');
}

/** An option as it is originated: the values that are not named are the defaults of the DTD. */
export function newOption(
  given: Partial<Option> & ({ readonly internal: string } | { readonly external: string }),
): Option {
  return { targetHop: 'final', mustUnderstand: false, localize: DEFAULT_LOCALIZE, content: '', ...given };
}

/** The option with this registered name, if it is there; of several the first. */
export function findOption(options: readonly Option[], internal: string): Option | undefined {
  for (const option of options) if (option.internal === internal) return option;
  return undefined;
}
