import { ApexError } from '@apex/client';
import { replyCodeMeaning } from '@apex/protocol';

/** What went wrong, for people: a sentence, the reply code with its meaning, and all that is known. */
export interface Failure {
  readonly sentence: string;
  /** RFC 3340 §10; undefined when nobody refused anything. */
  readonly replyCode: number | undefined;
  readonly meaning: string | undefined;
  /** What the client says, which names the operation. */
  readonly detail: string;
}

/** The same code says different things about different operations; `what` is a key of the table below. */
export type Attempt = 'sign-in' | 'subscribe' | 'watch' | 'publish' | 'access' | 'send';

const SENTENCES: Readonly<Record<number, Partial<Record<Attempt | 'any', string>>>> = {
  421: { any: 'The service does not answer now. Try again in a moment.' },
  450: { any: 'It was not taken now. Try again in a moment.' },
  451: { any: 'The server could not carry it out now. Try again in a moment.' },
  454: { any: 'Signing in does not work now. Try again in a moment.' },
  500: { any: 'The server could not read what this page has sent.' },
  501: { any: 'Something in it is not as it has to be.' },
  503: { any: 'The entry is that of another endpoint.' },
  504: { any: 'The server does not know an option that was asked for.' },
  530: { any: 'The server wants to know first who you are: sign in.' },
  534: { any: 'The server does not take this way of signing in.' },
  535: { 'sign-in': 'This endpoint and this password do not belong together.', any: 'Signing in failed.' },
  537: {
    'sign-in': 'You may not attach as this endpoint.',
    subscribe: 'You are not allowed to see this presence. Its owner can allow you.',
    watch: 'You are not allowed to see who subscribes there.',
    publish: 'You are not allowed to publish for this endpoint.',
    access: 'You are not allowed to look at or change these access entries.',
    send: 'Its owner does not allow you to send.',
    any: 'You are not allowed to do this.',
  },
  538: { any: 'The server wants a protected connection: open this page over https.' },
  550: {
    subscribe: 'There is no such endpoint.',
    watch: 'There is no such endpoint.',
    access: 'There is no such endpoint.',
    send: 'It was not delivered.',
    any: 'It was not done.',
  },
  551: { any: 'There is no such access entry.' },
  553: { any: 'The server does not serve this domain.' },
  554: {
    'sign-in': 'Another application is attached as this endpoint.',
    any: 'It is over a limit of the server.',
  },
  555: {
    publish: 'Another application published meanwhile. Look at what is there now, and publish again.',
    any: 'It was changed meanwhile. Look at what is there now, and try again.',
  },
  556: { any: 'Another application has attached as this endpoint.' },
};

const WITHOUT_CODE: Readonly<Record<string, string>> = {
  'client.lost': 'The connection broke. Whether it was carried out is not known.',
  'client.disconnected': 'There is no connection to the server. Nothing was sent.',
  'client.timeout': 'No answer came in time. Whether it was carried out is not known.',
  'client.closed': 'You have signed out.',
  'client.replaced': 'Another application has attached as this endpoint.',
  'client.overflow': 'More came than this page could take.',
};

export function failureOf(error: unknown, attempt?: Attempt): Failure {
  const detail = error instanceof Error ? error.message : String(error);
  const { code, replyCode } = error instanceof ApexError ? error : {};
  if (replyCode !== undefined) {
    const row = SENTENCES[replyCode] ?? {};
    const sentence = (attempt && row[attempt]) ?? row.any ?? 'The server refused it.';
    return { sentence, replyCode, meaning: replyCodeMeaning(replyCode), detail };
  }
  const isSignIn = attempt === 'sign-in' && (code === 'client.lost' || code === 'client.timeout');
  const sentence = isSignIn
    ? 'The server cannot be reached.'
    : code === 'client.usage'
      ? sentenceOf(detail)
      : (WITHOUT_CODE[code ?? ''] ?? 'This went wrong.');
  return { sentence, replyCode: undefined, meaning: undefined, detail };
}

function sentenceOf(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
