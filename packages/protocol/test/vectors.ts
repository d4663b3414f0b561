import { readdirSync, readFileSync } from 'node:fs';

/** One example of an RFC: see vectors/README.md. */
export interface Vector {
  /** Such as `rfc3343/2.1-01-data`. */
  readonly name: string;
  /** Such as `3343 §2.1`. */
  readonly section: string;
  readonly kind: 'xml' | 'payload';
  readonly octets: Uint8Array;
  readonly text: string;
  readonly expected: Expected;
}

export interface Expected {
  readonly element: string;
  readonly value?: unknown;
  readonly operation?: unknown;
  readonly parts?: readonly ExpectedPart[];
  readonly refused?: string;
}

export interface ExpectedPart {
  readonly contentId: string;
  readonly contentType: string;
  readonly body: string;
  readonly operation?: unknown;
}

const folder = new URL('./vectors/', import.meta.url);

export function vectors(): readonly Vector[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => {
      const name = file.slice(0, -'.json'.length);
      const [, rfc, section] = /^rfc(\d+)\/([\d.]+)-/.exec(name) as unknown as [string, string, string];
      const kind = readdirSync(new URL(`rfc${rfc}`, folder)).includes(`${name.split('/')[1]}.xml`)
        ? 'xml'
        : 'payload';
      const octets = new Uint8Array(readFileSync(new URL(`${name}.${kind}`, folder)));
      return {
        name,
        section: `${rfc} §${section}`,
        kind,
        octets,
        text: new TextDecoder().decode(octets),
        expected: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Expected,
      };
    });
}
