/**
 * The port to tracing: whoever runs the server may be told what happens when, as spans that lie in each other. Without
 * one no span is made, and nothing of it costs: each place asks whether there is one before it makes anything.
 *
 * Attributes name endpoints, operations and reply codes. There is no content in them, no credential, and no
 * originator before it was checked.
 */
export interface Tracing {
  /** Begins a span, now; one that a span begins lies in it, and may last longer. Never throws. */
  begin(name: string, attributes: SpanAttributes): Span;
}

/** Something that lasts. */
export interface Span extends Tracing {
  /** Ends it, now; called once. `refusal`: what it was for did not succeed. Never throws. */
  end(refusal?: SpanRefusal): void;
}

/** What is known of a span when it begins, by name. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** Why what a span stands for did not succeed, as its peer is told. */
export interface SpanRefusal {
  readonly replyCode: number;
  readonly text: string;
}

/** Calls `then`, and ends the span with what it is told. */
export function ending<Refusal extends SpanRefusal>(
  span: Span,
  then: (refusal: Refusal | undefined) => void,
): (refusal: Refusal | undefined) => void {
  return (refusal) => {
    span.end(refusal);
    then(refusal);
  };
}
