/** Grants in memory, by their actions: most entries of a domain allow the same. */
const shared = new Map<string, Grant>();
/** More than these, and longer ones, are not shared: those who set entries choose the actions. */
const SHARED = 1000;
const SHARED_LENGTH = 256;

/** The grant of these actions, perhaps that of another entry with the same ones. */
export function grantOf(actions: readonly string[]): Grant {
  const key = actions.join(' ');
  const known = shared.get(key);
  if (known !== undefined) return known;
  const grant = new Grant(actions);
  if (shared.size < SHARED && key.length <= SHARED_LENGTH) shared.set(key, grant);
  return grant;
}

/** What one access entry allows (RFC 3341 §3), made ready for many questions. */
export class Grant {
  readonly #all: boolean;
  readonly #tokens: ReadonlySet<string>;

  constructor(actions: readonly string[]) {
    // A2: a list that contains all:none grants nothing
    const tokens = actions.includes('all:none') ? [] : actions;
    this.#tokens = new Set(tokens);
    this.#all = this.#tokens.has('all:all');
  }

  /** Whether `action`, a `service:operation`, is among what is granted. */
  allows(action: string): boolean {
    if (this.#all) return true;
    if (this.#tokens.size === 0) return false;
    if (this.#tokens.has(action)) return true;
    // A2: all:X and X:all match by their words
    const colon = action.indexOf(':');
    return this.#tokens.has(`all${action.slice(colon)}`) || this.#tokens.has(`${action.slice(0, colon)}:all`);
  }
}
