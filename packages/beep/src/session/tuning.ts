/** Between a request for transport security and what comes of it (RFC 3080 §3.1.3). */
export class Tuning {
  #isBegun = false;
  #isAgreed = false;
  /** To be told when nothing more is on its way. */
  #onQuiet: ((inTime: boolean) => void) | undefined = undefined;
  /** When it has taken too long. */
  deadline: number | undefined = undefined;

  /** Whether nothing may leave but replies. */
  get isBegun(): boolean {
    return this.#isBegun;
  }

  /** Whether the connection is handed over once all has left. */
  get isAgreed(): boolean {
    return this.#isAgreed;
  }

  // 3080 §3.1.3.1
  quieten(deadline: number, onQuiet: (inTime: boolean) => void): void {
    this.#isBegun = true;
    this.#isAgreed = false;
    this.#onQuiet = onQuiet;
    this.deadline = deadline;
  }

  resume(): void {
    this.#isBegun = false;
    this.#onQuiet = undefined;
    this.deadline = undefined;
  }

  // 3080 §3.1.3.2
  agree(): void {
    this.#isBegun = true;
    this.#isAgreed = true;
    this.#onQuiet = undefined;
  }

  /** `owed` replies have not left. Returns whether the connection is to be handed over now. */
  progress(owed: number): boolean {
    if (this.#isAgreed) return owed === 0;
    // That to the request itself is left.
    if (owed <= 1) this.#tell(true);
    return false;
  }

  /** Returns false when the peer keeps the connection from being handed over. */
  tick(now: number): boolean {
    if (this.deadline === undefined || now < this.deadline) return true;
    if (this.#onQuiet === undefined) return false;
    this.#tell(false);
    return true;
  }

  #tell(inTime: boolean): void {
    const onQuiet = this.#onQuiet;
    this.#onQuiet = undefined;
    onQuiet?.(inTime);
  }
}
