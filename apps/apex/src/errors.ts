/** What went wrong, where, and what to do: one line for the person at the terminal. */
export class AppError extends Error {
  /** Stable name, listed in docs/errors.md. */
  readonly code: string;
  /** Process exit code: 1 failed, 2 wrong usage. */
  readonly exitCode: 1 | 2;

  constructor(code: string, message: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AppError';
    this.code = code;
    this.exitCode = exitCode;
  }
}

/** Wrong usage. */
export function usage(message: string): AppError {
  return new AppError('usage', message, 2);
}
