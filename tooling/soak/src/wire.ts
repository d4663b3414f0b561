/**
 * What a server sends, read without anything of the project: the frames of RFC 3080 §2.2, joined to messages. Only
 * the payloads of MSG are told, as latin1 text.
 */
export class FrameReader {
  readonly #told: (payload: string) => void;
  readonly #parts = new Map<string, string>();
  #waiting = '';
  #isCut = false;

  constructor(told: (payload: string) => void) {
    this.#told = told;
  }

  /** Throws an Error for what is no frame. */
  receive(octets: Uint8Array): void {
    if (this.#isCut) return;
    this.#waiting += Buffer.from(octets).toString('latin1');
    while (this.#next());
  }

  /** Another session has taken the place of this one. */
  cut(): void {
    this.#isCut = true;
    this.#waiting = '';
  }

  #next(): boolean {
    const end = this.#waiting.indexOf('\r\n');
    if (end < 0) return false;
    const header = this.#waiting.slice(0, end);
    if (/^SEQ \d+ \d+ \d+$/.test(header)) {
      this.#waiting = this.#waiting.slice(end + 2);
      return true;
    }
    const found = /^(MSG|RPY|ERR|ANS|NUL) (\d+) (\d+) ([.*]) \d+ (\d+)( \d+)?$/.exec(header);
    if (found === null) throw new Error(`no header of a frame: "${header.slice(0, 80)}"`);
    const [, keyword, channel, msgno, more, size] = found;
    const begin = end + 2;
    const behind = begin + Number(size);
    if (this.#waiting.length < behind + TRAILER.length) return false;
    if (!this.#waiting.startsWith(TRAILER, behind)) throw new Error(`no trailer behind "${header}"`);
    const payload = this.#waiting.slice(begin, behind);
    this.#waiting = this.#waiting.slice(behind + TRAILER.length);
    if (keyword === 'MSG') this.#message(`${channel} ${msgno}`, payload, more === '*');
    return true;
  }

  #message(key: string, payload: string, isMore: boolean): void {
    const whole = (this.#parts.get(key) ?? '') + payload;
    if (isMore) this.#parts.set(key, whole);
    else {
      this.#parts.delete(key);
      this.#told(whole);
    }
  }
}

const TRAILER = 'END\r\n';

/** A presence entry in a message. */
export interface SeenEntry {
  readonly publisher: string;
  readonly lastUpdateMs: number;
  /** The number that its publisher gave it; 0 for the one that provisioning made. */
  readonly update: number;
}

/** The presence entry that a message brings, if it brings one. */
export function entryIn(payload: string): SeenEntry | undefined {
  const attributes = /<presence\s([^>]*)>/.exec(payload)?.[1];
  if (attributes === undefined) return undefined;
  const value = (name: string): string =>
    new RegExp(`(?:^|\\s)${name}\\s*=\\s*(["'])(.*?)\\1`).exec(attributes)?.[2] ?? '';
  return {
    publisher: value('publisher'),
    lastUpdateMs: Date.parse(value('lastUpdate')),
    update: updateOf(value('publisherInfo')),
  };
}

export function infoOf(update: number): string {
  return `http://example.com/${update}`;
}

export function updateOf(publisherInfo: string): number {
  return Number(/\d+$/.exec(publisherInfo)?.[0] ?? 0);
}
