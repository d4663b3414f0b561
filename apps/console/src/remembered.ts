/**
 * What this browser remembers for the next time: the theme, and whom somebody has on the board. Nothing that authenticates.
 * A browser may be told to remember nothing; then it is so.
 */
export function remembered(key: string): string | undefined {
  try {
    return localStorage.getItem(`apex-console.${key}`) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(`apex-console.${key}`, value);
  } catch {
    // It lasts as long as the window then.
  }
}
