/** What the log can be told to tell, `silent`: nothing. */
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;
