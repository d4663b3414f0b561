import { Value } from '../external.ts';
import { remember, remembered } from '../remembered.ts';

/**
 * Whom somebody wants to see on the board. The protocol has no list of that, so this browser keeps one for each
 * endpoint; it holds names and nothing else.
 */
export class Board {
  readonly people: Value<readonly string[]>;
  readonly #key: string;

  /** `owner` is an endpoint without its subaddress. */
  constructor(owner: string) {
    this.#key = `board.${owner}`;
    this.people = new Value(read(this.#key));
  }

  add(endpoint: string): void {
    if (!this.people.get().includes(endpoint)) this.#set([...this.people.get(), endpoint]);
  }

  remove(endpoint: string): void {
    this.#set(this.people.get().filter((other) => other !== endpoint));
  }

  #set(people: readonly string[]): void {
    remember(this.#key, JSON.stringify(people));
    this.people.set(people);
  }
}

function read(key: string): readonly string[] {
  try {
    const people: unknown = JSON.parse(remembered(key) ?? '[]');
    return Array.isArray(people) ? people.filter((each) => typeof each === 'string') : [];
  } catch {
    // Somebody else has written there; the next change writes it anew.
    return [];
  }
}
