import { Session } from 'node:inspector';

/**
 * Which parts of the sources run, as V8 counts it for each block of code. What was compiled before `start`
 * is not counted, so that the sources are imported afterwards.
 */
export class Coverage {
  readonly #profiler: Profiler;
  readonly #folder: string;
  readonly #scripts = new Map<string, Script>();

  private constructor(profiler: Profiler, folder: string) {
    this.#profiler = profiler;
    this.#folder = folder;
  }

  /** Of the files below `folder`, a file URL. */
  static start(folder: string): Coverage {
    const profiler = new Profiler();
    profiler.post('Profiler.enable');
    profiler.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    return new Coverage(profiler, folder);
  }

  /** What ran since the last call. */
  take(): Run {
    const { result } = this.#profiler.post('Profiler.takePreciseCoverage') as { result: ScriptCoverage[] };
    return new Run(
      result
        .filter(({ url }) => url.startsWith(this.#folder) && !url.includes('/node_modules/'))
        .map(({ scriptId, url, functions }) => {
          let script = this.#scripts.get(scriptId);
          if (script === undefined) {
            script = new Script(url.slice(this.#folder.length));
            this.#scripts.set(scriptId, script);
          }
          return { script, functions };
        }),
    );
  }

  /** As if nothing had been reached. */
  forget(): void {
    this.take();
    for (const script of this.#scripts.values()) script.forget();
  }

  /** Characters of these files that ran once at least, and all of them; of files that were loaded. */
  reached(files: readonly string[]): { readonly reached: number; readonly all: number } {
    const scripts = [...this.#scripts.values()].filter(({ path }) =>
      files.some((file) => path.startsWith(file)),
    );
    return {
      reached: scripts.reduce((sum, script) => sum + script.reached, 0),
      all: scripts.reduce((sum, script) => sum + script.length, 0),
    };
  }
}

/** One run of something: what it reached, and what it cost. */
export class Run {
  /** How often blocks of code ran. */
  readonly work: number;
  readonly #parts: readonly { readonly script: Script; readonly functions: readonly FunctionCoverage[] }[];

  constructor(parts: readonly { script: Script; functions: readonly FunctionCoverage[] }[]) {
    this.#parts = parts;
    this.work = parts.reduce(
      (sum, { functions }) =>
        sum +
        functions.reduce((all, { ranges }) => all + ranges.reduce((own, { count }) => own + count, 0), 0),
      0,
    );
  }

  /** Whether something ran that no run noted so far had reached. */
  get isNew(): boolean {
    return this.#parts.some(({ script, functions }) => script.see(functions, false) > 0);
  }

  /** Notes what was reached; true when something of it is new. */
  note(): boolean {
    let fresh = 0;
    for (const { script, functions } of this.#parts) fresh += script.see(functions, true);
    return fresh > 0;
  }
}

/** One source file, with a mark for each character that ran. */
class Script {
  readonly path: string;
  reached = 0;
  #reached = new Uint8Array(0);
  #now = new Uint8Array(0);

  constructor(path: string) {
    this.path = path;
  }

  get length(): number {
    return this.#reached.length;
  }

  /** How many characters ran that had not before. Outer ranges come before those inside them. */
  see(functions: readonly FunctionCoverage[], isNoted: boolean): number {
    for (const { ranges } of functions) {
      for (const { startOffset, endOffset, count } of ranges) {
        this.#reserve(endOffset);
        this.#now.fill(count > 0 ? 1 : 0, startOffset, endOffset);
      }
    }
    let fresh = 0;
    for (const { ranges } of functions) {
      const [whole] = ranges;
      if (whole === undefined || whole.count === 0) continue;
      for (let at = whole.startOffset; at < whole.endOffset; at += 1) {
        if (this.#now[at] === 0 || this.#reached[at] === 1) continue;
        fresh += 1;
        if (isNoted) this.#reached[at] = 1;
      }
    }
    if (isNoted) this.reached += fresh;
    return fresh;
  }

  forget(): void {
    this.#reached.fill(0);
    this.reached = 0;
  }

  #reserve(length: number): void {
    if (this.#now.length >= length) return;
    const reached = new Uint8Array(length);
    reached.set(this.#reached);
    this.#reached = reached;
    this.#now = new Uint8Array(length);
  }
}

interface ScriptCoverage {
  readonly scriptId: string;
  readonly url: string;
  readonly functions: readonly FunctionCoverage[];
}

interface FunctionCoverage {
  readonly ranges: readonly {
    readonly startOffset: number;
    readonly endOffset: number;
    readonly count: number;
  }[];
}

/** The profiler of this thread; in one thread the inspector answers at once. */
class Profiler {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
  }

  post(method: string, parameters: object = {}): unknown {
    let answer: unknown;
    this.#session.post(method, parameters, (error, result) => {
      if (error !== null) throw new Error(`${method}: ${error.message}`);
      answer = result;
    });
    return answer;
  }
}
