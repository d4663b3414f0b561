/**
 * One element of a parsed application/beep+xml document. Offsets are in UTF-16 code units of
 * `source`, so that any part of the document can be passed on as it was written.
 */
export interface XmlElement {
  /** Qualified name as written, prefix included. */
  readonly name: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlElement[];
  /**
   * Character data directly inside this element, concatenated: references resolved, CDATA
   * sections unwrapped, line ends normalized to LF (XML 1.0 §2.11).
   */
  readonly text: string;
  /** Whether `text` has nothing but white space, written as such (no reference, no CDATA section). */
  readonly blank: boolean;
  /** The whole document. */
  readonly source: string;
  /** Offset of `<`. */
  readonly start: number;
  /** Offset behind the start tag; equals `innerEnd` of an empty element. */
  readonly innerStart: number;
  /** Offset of the end tag. */
  readonly innerEnd: number;
  /** Offset behind the element. */
  readonly end: number;
}

/** An attribute as it was read: its value without references, white space normalized (XML 1.0 §3.3.3). */
export interface XmlAttribute {
  /** Qualified name as written. */
  readonly name: string;
  /** References resolved, white space normalized as for CDATA attributes (XML 1.0 §3.3.3). */
  readonly value: string;
}
