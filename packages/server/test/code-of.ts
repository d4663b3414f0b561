import { ReplyError } from '@apex/beep';

/** The reply code that refused it, else `accepted`. Rejects with any other error. */
export async function codeOf(promise: Promise<unknown>): Promise<number | string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ReplyError) return error.replyCode;
    throw error;
  }
  return 'accepted';
}
