import type { Profile } from '@apex/beep';

export const ECHO_URI = 'http://example.com/profiles/echo';

/** Answers each MSG with its own payload. */
export const echoProfile: Profile = {
  uri: ECHO_URI,
  start(request) {
    request.accept({
      message: (exchange) => exchange.reply(exchange.payload),
      closed() {},
    });
  },
};
