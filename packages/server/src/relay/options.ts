import { ReplyError } from '@apex/beep';
import type { Option } from '@apex/protocol';

/** Where an option stands; each option is registered for the elements in which it may appear. */
export type OptionContext = 'attach' | 'bind' | 'data' | 'originator' | 'recipient';

/** Options that this relay understands, by context. */
const understood: Readonly<Record<OptionContext, ReadonlySet<string>>> = {
  attach: new Set(['attachOverride']),
  bind: new Set(),
  data: new Set(),
  originator: new Set(),
  recipient: new Set(),
};

/** Which relays an option is meant for, seen from this one (RFC 3340 §5). */
export type Hop = 'final' | 'intermediate';

/** Whether `option` applies to this relay. In an attach the target is ignored: the relay is the only one. */
export function applies(option: Option, context: OptionContext, hop: Hop): boolean {
  // 3340 §5 rule 10
  if (context === 'attach' || context === 'bind') return true;
  return option.targetHop !== 'final' || hop === 'final';
}

/**
 * The first option that must be understood here and is not, as the refusal it causes (C5); undefined
 * when all can be processed or ignored.
 */
export function misunderstood(
  options: readonly Option[],
  context: OptionContext,
  hop: Hop,
): ReplyError | undefined {
  for (const option of options) {
    // 3340 §5 rule 16
    if (!option.mustUnderstand || !applies(option, context, hop)) continue;
    if (option.internal !== undefined && understood[context].has(option.internal)) continue;
    return new ReplyError(504, `option ${option.internal ?? option.external ?? ''} is not implemented here`);
  }
  return undefined;
}

export function hasOption(options: readonly Option[], internal: string): boolean {
  return options.some((option) => option.internal === internal);
}
