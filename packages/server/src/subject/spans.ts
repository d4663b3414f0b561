import type { Span, SpanAttributes, SpanRefusal } from '../tracing.ts';
import type { Decision } from './decision.ts';
import type { Input, OperationInput } from './input.ts';

export const NO_ATTRIBUTES: SpanAttributes = {};

/** An operation that the owner has got, with a span of its own in the one in which it was asked for. */
export function begun(subject: string, asked: OperationInput): OperationInput {
  if (asked.span === undefined) return asked;
  const { kind, originator, transID } = asked;
  const span = asked.span.begin(`apex.${kind}`, {
    'apex.subject': subject,
    'apex.originator': originator,
    'apex.trans_id': transID,
  });
  return { ...asked, span };
}

/** That of an operation, where there is tracing. */
export function spanOf(input: Input): Span | undefined {
  return 'service' in input ? input.span : undefined;
}

/** What the originator is told when its operation is refused. */
export function refusalOf({ effects }: Decision): SpanRefusal | undefined {
  for (const effect of effects) {
    if (effect.kind === 'reply' && effect.code !== 250) return { replyCode: effect.code, text: effect.text };
  }
  return undefined;
}
