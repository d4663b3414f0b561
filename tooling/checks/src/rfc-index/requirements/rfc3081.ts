import { rfcRequirements } from './requirement.ts';

export const rfc3081 = rfcRequirements(
  '3081',
  'RFC 3081, BEEP on TCP',
  {
    '§2': {
      must: 'After a release is agreed the peer that sent the ok closes the connection, and the other one when it has read it; a session that is terminated aborts the connection.',
      rules: {
        1: 'Who waits for connections is the listener.',
        2: 'Who connects is the initiator.',
      },
    },
    '§3': { must: 'Each channel has a window of its own, so that none starves or blocks the others.' },
    '§3.1': { must: 'Arithmetic on sequence numbers is modulo 2^32.' },
    '§3.1.1': {
      must: 'A new channel starts at sequence number 0 with a window of 4096 octets in each direction.',
      rules: {
        1: 'A channel that cannot be given 4096 octets is declined.',
        2: 'A listener that cannot give channel zero 4096 octets sends an error in place of its greeting.',
      },
    },
    '§3.1.2': {
      must: 'No more payload is sent than the window allows.',
      rules: {
        1: 'A larger message may be cut to what the window allows.',
        2: 'It may wait for a larger window.',
        3: 'The application may be told, and choose.',
      },
    },
    '§3.1.3': {
      must: 'A SEQ frame names a channel, the next expected sequence number and the window behind it; one that cannot be read or is not valid ends the session without an answer.',
      rules: { 4: { should: 'A receiver that has taken in frames tells the new window.' } },
    },
    '§3.1.4': {
      must: 'SEQ frames go before the messages of their channel, and windows are those of the available buffers.',
      rules: {
        1: { should: 'Large messages are cut into frames that suit the segment size of the connection.' },
        2: { should: 'Channels that have something to send take turns.' },
        3: {
          should: 'A SEQ is sent when the window to be told is at least half of the buffer of the channel.',
        },
        4: { should: 'For frames that arrived together one SEQ is enough.' },
        5: { should: 'No channel takes the whole transport window for itself.' },
        6: { should: 'The right edge of a window that was given never moves left.' },
        7: { should: 'What the transport tells about congestion is used, where it tells anything.' },
      },
    },
    '§4': { should: 'The security considerations of RFC 3080 §9 hold.' },
  },
  ['§1'],
);
