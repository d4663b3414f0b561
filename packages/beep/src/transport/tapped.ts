import type { Transport } from './transport.ts';

/** Is told of octets as they pass; the array is valid during the call only. */
export type Tap = (direction: 'sent' | 'received', octets: Uint8Array) => void;

/**
 * The same transport, for who wants to see what passes it: a log, a recording. Everything is in there, passwords
 * included. Transport security is negotiated on the transport itself, and what that gives is tapped anew.
 */
export function tapped(transport: Transport, tap: Tap): Transport {
  return {
    remoteAddress: transport.remoteAddress,
    secured: transport.secured,
    get certificate() {
      return transport.certificate;
    },
    open: (handler) =>
      transport.open({
        received(octets) {
          tap('received', octets);
          handler.received(octets);
        },
        drained: () => handler.drained(),
        closed: (error) => handler.closed(error),
      }),
    write(octets) {
      tap('sent', octets);
      return transport.write(octets);
    },
    close: () => transport.close(),
    abort: () => transport.abort(),
    pause: () => transport.pause(),
    resume: () => transport.resume(),
  };
}
