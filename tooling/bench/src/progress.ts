import type { WriteStream } from 'node:tty';

/** A line that says what is going on, where standard error is a terminal. */
export interface Progress {
  show(text: string): void;
  clear(): void;
}

export function progressOn(stream: Pick<WriteStream, 'isTTY' | 'write'>): Progress {
  if (!stream.isTTY) return { show() {}, clear() {} };
  return {
    show: (text) => void stream.write(`\r\x1b[K${text}`),
    clear: () => void stream.write('\r\x1b[K'),
  };
}
