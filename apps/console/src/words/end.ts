import type { ClientEnd } from '@apex/client';
import { replyCodeMeaning } from '@apex/protocol';

/** Why there is no session any more. */
export function endWords(end: ClientEnd): string {
  switch (end.kind) {
    case 'closed':
      return 'You have signed out.';
    case 'replaced':
      return 'Another application has attached as this endpoint and took its place (556 attachment overridden).';
    case 'detached':
      return `The server has ended the attachment: ${end.replyCode} ${end.text || (replyCodeMeaning(end.replyCode) ?? '')}`;
    case 'lost':
      return end.replyCode === undefined
        ? `The session ended: ${end.error.message}`
        : `The server did not let this window in again: ${end.error.message}`;
  }
}
