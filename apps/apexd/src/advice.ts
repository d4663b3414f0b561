/**
 * What to do about what a server refuses, by the code of the refusal. A library says what is wrong; the command that
 * helps is known here.
 */
const advice: Readonly<Record<string, string>> = {
  'access.unknown': 'apexd access list shows the entries that there are',
  'admin.invalid': 'the running server is of another version: use the commands of that one',
  'attachment.unknown': 'apexd admin attachments shows those that are',
  'endpoint.domain': 'name one of a domain that the configuration serves',
  'endpoint.exists': 'apexd endpoint passwd changes its password',
  'endpoint.reserved': 'choose another name',
  'endpoint.unknown': 'apexd endpoint list shows those that are, apexd endpoint add provisions one',
  'endpoint.unreadable': 'look into the log of the server',
  'operation.over': 'apexd admin operations shows those that are',
  'password.characters': 'choose another one',
  'password.empty': 'write it on the first line of standard input',
  'reply.451': 'look into the log of the server, and try again',
  'session.unknown': 'apexd admin sessions shows those that are open',
};

/** One line about an error: what went wrong, and what to do. */
export function refusalLine(error: Error & { readonly code?: unknown }): string {
  const { message, code } = error;
  const hint = typeof code === 'string' ? advice[code] : undefined;
  return `${message}${hint === undefined ? '' : `; ${hint}`}`.replaceAll('\n', ' ');
}
