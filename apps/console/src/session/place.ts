/** Where this page came from, which is where its server is. */
export interface Place {
  /** Of the WebSocket. */
  readonly url: string;
  /** Whether nobody on the way can read along. */
  readonly isProtected: boolean;
  /** Whether there is no way to speak of: the server is on this machine. */
  readonly isLoopback: boolean;
}

/** `base` is the address of the page: `http:` or `https:`, at whatever path a proxy has put it. */
export function placeOf(base: string): Place {
  const url = new URL('beep', base);
  const isProtected = url.protocol === 'https:';
  url.protocol = isProtected ? 'wss:' : 'ws:';
  url.search = '';
  url.hash = '';
  return { url: url.href, isProtected, isLoopback: isLoopback(url.hostname) };
}

function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127(?:\.\d+){3}$/.test(host)
  );
}
