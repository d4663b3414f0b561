const encoder = new TextEncoder();

export function octetsOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** One character for each octet. */
export function latin1(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1');
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}

/** What stands between the separators, as views. */
export function splitAt(octets: Uint8Array, separator: number): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (let at = octets.indexOf(separator); at !== -1; at = octets.indexOf(separator, from)) {
    pieces.push(octets.subarray(from, at));
    from = at + 1;
  }
  pieces.push(octets.subarray(from));
  return pieces;
}

/** Cut into pieces of 1 to `longest` octets, each in memory of its own. */
export function cut(
  octets: Uint8Array,
  longest: number,
  below: (bound: number) => number,
): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < octets.length; ) {
    const length = 1 + below(longest);
    pieces.push(octets.slice(at, at + length));
    at += length;
  }
  return pieces;
}
