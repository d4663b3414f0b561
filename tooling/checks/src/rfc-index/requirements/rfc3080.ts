import { rfcRequirements } from './requirement.ts';

export const rfc3080 = rfcRequirements(
  '3080',
  'RFC 3080, the BEEP core',
  {
    '§2': { must: 'No more than one tuning channel is set up at a time; data channels may be many.' },
    '§2.1': {
      must: 'The peer that opened the connection is the initiator, the one that waited is the listener; client and server are roles of a single exchange.',
    },
    '§2.1.1': { must: 'A MSG is answered by one RPY, by one ERR, or by any number of ANS and one NUL.' },
    '§2.2': {
      must: 'A message is MIME header fields (possibly none), an empty line and a body, carried by one frame or several.',
      rules: {
        1: 'Without a Content-Type the content is application/octet-stream.',
        2: 'Without a Content-Transfer-Encoding it is binary.',
      },
    },
    '§2.2.1': {
      must: 'Frames follow the grammar: header, payload, trailer, and every number within its range.',
    },
    '§2.2.1.1': {
      must: 'A header is the keyword and its parameters, one space between them, and CRLF.',
      rules: {
        1: 'A header that begins with no known keyword is poorly formed.',
        2: 'A parameter that is missing or syntactically wrong makes the frame poorly formed.',
        3: 'A channel number that names no open channel makes it poorly formed.',
        4: 'A MSG that takes the number of a received MSG whose reply has not been sent in whole is poorly formed.',
        5: 'A reply to a MSG that has its whole reply already is poorly formed.',
        6: 'A reply to a MSG that was never sent is poorly formed, the greeting excepted.',
        7: 'A frame that continues a message under another keyword is poorly formed.',
        8: 'A NUL that follows frames of that reply other than ANS is poorly formed.',
        9: 'A frame of another message number is poorly formed while the previous frame of the channel announced a continuation.',
        10: 'A sequence number other than the expected one makes a frame poorly formed.',
        11: 'A NUL that is to be continued or has a payload is poorly formed.',
        12: 'A MSG never takes the number of another MSG of the channel whose reply is not complete.',
        13: 'The frames of a message follow each other on their channel; only answers of one reply may interleave, told apart by their ansno.',
        14: 'An ansno differs from those of all other answers in progress for the same message.',
        15: 'A poorly-formed frame ends the session without any answer, and one diagnostic is logged.',
      },
    },
    '§2.2.1.2': {
      must: 'Payload octets are numbered per channel and direction, from 0 and modulo 2^32; a frame that does not go on where the last one ended ends the session.',
    },
    '§2.2.1.3': { must: 'Anything but END and CRLF behind the payload ends the session without an answer.' },
    '§2.2.2.1': {
      must: 'A poorly-formed MSG is answered in the way its profile defines.',
      rules: {
        1: 'A poorly-formed reply on channel zero ends the session without an answer.',
        2: 'On any other channel it has that channel closed in the regular way.',
      },
    },
    '§2.3': {
      must: 'A session starts with channel zero alone, which serves channel management.',
      rules: { 1: { should: 'At least 257 channels can be open at once.' } },
    },
    '§2.3.1.1': {
      must: 'Each peer sends its greeting at once, as a positive reply with message number 0, without waiting for the other.',
      rules: {
        1: 'features lists tokens of optional features.',
        2: 'localize lists the languages wanted in diagnostics, the most wanted first.',
        3: 'Each profile of a greeting names a supported profile and carries no initialization.',
      },
    },
    '§2.3.1.2': {
      must: 'A start on channel zero asks for a channel; the answer is the chosen profile, or an error when none is acceptable.',
      rules: {
        1: 'number is the channel number, 1 to 2147483647.',
        2: 'serverName is any string and names the wanted server.',
        3: 'A start proposes one profile or more.',
        4: 'uri identifies the profile.',
        5: 'encoding tells whether the content is base64.',
        6: 'The content is at most 4096 octets and is given to the new channel as its first message.',
        7: 'The initiator takes odd channel numbers, the listener even ones; a number of the wrong kind is refused with 501.',
        8: 'The serverName of the first successful start holds for the whole session; a name that is not served is refused.',
      },
    },
    '§2.3.1.3': {
      must: 'A close on channel zero asks for the end of one channel, or with number 0 of the session.',
      rules: {
        1: 'number names the channel and is 0 when absent.',
        2: 'code is a reply code of three digits.',
        3: 'xml:lang names the language of the text.',
        4: 'The text is for people and never decides anything.',
        5: 'Before it accepts, a peer sends the MSGs it still has queued on the channel.',
        6: 'It waits for the complete replies to its own MSGs.',
        7: 'It sends the complete replies to the MSGs it received, and sees that they are delivered first.',
        8: 'Where the transport keeps the order between channels, those replies are sent before the ok.',
        10: 'A close is sent only when every MSG sent on the channel has been acknowledged by the first frame of its reply.',
        11: 'After a close no MSG is sent on the channel until the answer is there.',
        12: 'Until a close is accepted, MSGs that arrive on the channel are processed.',
        13: 'A close may be refused with an error at any time.',
      },
    },
    '§2.3.1.4': {
      must: 'Agreement to a close is an empty ok element without attributes, in a positive reply.',
    },
    '§2.3.1.5': {
      must: 'A start that is declined is answered by an error element in a negative reply.',
      rules: {
        1: 'code is a reply code of three digits.',
        2: 'xml:lang names the language of the text; left out only for the first choice of the other peer.',
        3: 'The text is for people and never decides anything.',
        4: 'A MSG with a poorly-formed or unexpected element is answered by an error.',
        5: 'A close that is declined is answered by an error.',
        6: 'A listener that is unavailable sends an error in place of its greeting, and both peers end the session.',
      },
    },
    '§2.4': {
      must: 'A session begins with both greetings and ends by a close of channel zero that the other peer accepts; when it declines, the session goes on. The greeting sent to an unavailable listener is ignored.',
    },
    '§2.6.1': {
      must: 'Several MSGs may be outstanding on a channel; they are processed, and their replies sent, in the order of arrival, each one complete before the next.',
    },
    '§2.6.2': { must: 'Channels are independent of each other: no order holds between their exchanges.' },
    '§2.6.3': {
      must: 'A negative reply may come before the last frame of its MSG: its sender ignores the remaining frames, and the sender of the MSG completes it with an empty frame.',
    },
    '§2.7': {
      must: 'Either peer is ready for every message: a MSG that is not expected gets an error. Message numbers of the two directions have nothing to do with each other.',
    },
    '§3': {
      must: 'When transport security is negotiated all channels end; afterwards, whatever the outcome, both peers greet anew or end the session.',
    },
    '§3.1.1': {
      must: 'A ready may come within the start; its proceed, or the error why not, is then the content of the profile in the positive reply.',
    },
    '§3.1.3.1': {
      must: 'After a ready its sender sends nothing until the answer; the receiver sends its pending replies before it processes the ready. version is the least acceptable one.',
    },
    '§3.1.3.2': {
      must: 'Behind a proceed no octet travels outside the negotiation; both peers drop all channels and begin it at once.',
    },
    '§4': {
      must: 'A successful authentication holds for all channels of the session, present and future, and no other may be tried; operations that need one are refused with 530.',
    },
    '§4.1': {
      must: 'No SASL security layer once transport security is in force, and no transport security once a SASL exchange has succeeded.',
    },
    '§4.1.1': {
      must: 'Each mechanism is a profile of its own; a blob may come within the start and be answered in the profile of the positive reply, by a blob or by an error.',
    },
    '§4.1.2': { must: 'The content of a blob is base64.' },
    '§4.1.3': {
      must: 'A client ends an exchange with abort, a server ends a successful one with complete and a failed one with an error.',
      rules: {
        1: 'status is abort, complete or continue, and continue when absent.',
        5: 'EXTERNAL needs an active external authentication.',
        6: 'An identity given to EXTERNAL must agree with the external credentials; without one it is derived from them.',
      },
    },
    '§6.4': {
      must: 'application/beep+xml is XML 1.0, in UTF-8 unless a charset says otherwise, with CDATA and processing instructions.',
      rules: {
        1: 'No entity references but the five predefined and numeric ones.',
        2: 'Neither an XML declaration nor a DOCTYPE.',
      },
    },
    '§7.1': { must: 'Elements of channel management are accepted and written as their DTD says.' },
    '§7.2': { must: 'ready and proceed are accepted and written as their DTD says.' },
    '§7.3': { must: 'blob is accepted and written as its DTD says.' },
    '§8': { must: 'Reply codes are three digits, used with the meaning of the table.' },
    '§9': {
      should: 'Each channel checks who the peer is and how private the session is before it does anything.',
      rules: {
        1: { should: 'A peer can be told not to go on without privacy.' },
        2: { should: 'A peer can be told to refuse weak cipher suites.' },
        3: 'What was learned before a negotiation is forgotten after it.',
      },
    },
  },
  [
    '§1',
    '§2.2.2',
    '§2.3.1',
    '§2.5',
    '§2.5.1',
    '§2.5.2',
    '§2.6',
    '§2.6.4',
    '§3.1',
    '§3.1.2',
    '§3.1.3',
    '§5',
    '§5.1',
    '§5.2',
    '§6',
    '§6.1',
    '§6.2',
    '§6.3',
    '§7',
  ],
);
