import type { Span, SpanAttributes, SpanRefusal, Tracing } from '@apex/server';
import {
  type Span as ApiSpan,
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';

/**
 * Tracing for whatever has registered itself with the API of OpenTelemetry before this process began to serve;
 * undefined where nothing has, so that the server makes no spans at all.
 */
export function openTelemetry(): Tracing | undefined {
  const tracer = trace.getTracer('apexd');
  // Without a provider every span is the same one, of no trace.
  if (!isSpanContextValid(tracer.startSpan('apexd').spanContext())) return undefined;
  return {
    begin: (name, attributes) =>
      new TracedSpan(tracer, tracer.startSpan(name, { kind: SpanKind.SERVER, attributes, root: true })),
  };
}

class TracedSpan implements Span {
  readonly #tracer: Tracer;
  readonly #span: ApiSpan;
  readonly #context: Context;

  constructor(tracer: Tracer, span: ApiSpan) {
    this.#tracer = tracer;
    this.#span = span;
    this.#context = trace.setSpan(ROOT_CONTEXT, span);
  }

  begin(name: string, attributes: SpanAttributes): Span {
    return new TracedSpan(this.#tracer, this.#tracer.startSpan(name, { attributes }, this.#context));
  }

  end(refusal?: SpanRefusal): void {
    if (refusal !== undefined) {
      this.#span.setAttribute('apex.reply_code', refusal.replyCode);
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: refusal.text });
    }
    this.#span.end();
  }
}
