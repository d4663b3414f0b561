import { limitedAddress } from './peer-address.ts';

/** Places for the peers of each address, at most so many at a time; peers that do not count by address always have one. */
export class AddressPlaces {
  readonly #limit: number;
  readonly #taken = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a place for `remoteAddress`, `host:port`, until what it returns is called; undefined when there is none. */
  take(remoteAddress: string): (() => void) | undefined {
    const address = limitedAddress(remoteAddress);
    if (address === undefined) return () => {};
    const taken = this.#taken.get(address) ?? 0;
    if (taken >= this.#limit) return undefined;
    this.#taken.set(address, taken + 1);
    return () => {
      const left = (this.#taken.get(address) ?? 1) - 1;
      if (left === 0) this.#taken.delete(address);
      else this.#taken.set(address, left);
    };
  }
}
