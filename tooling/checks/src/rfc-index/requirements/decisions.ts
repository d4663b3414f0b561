import type { RequirementList } from './requirement.ts';

/** Where the RFCs are silent, wrong or contradict each other. */
const groups: Readonly<Record<string, readonly string[]>> = {
  // BEEP
  B: [
    'A poorly-formed frame aborts the connection at once, without an answer and with one diagnostic.',
    'More payload than the window allows is a broken frame, refused when its header is read.',
    'We never take back a window, we bear it from the peer; an ackno out of range breaks the protocol, and a SEQ for a channel just closed is ignored.',
    'Header lines have a greatest length by keyword; longer ones are refused before their end. Upper case only; 1 to 10 digits.',
    'ansno ends at 2147483647.',
    'Frames carry at most 4096 octets unless configured; channels take turns, SEQ frames go first.',
    'On channel zero: not well formed 500, not valid 501, unknown profile or channel 550; the session lives on.',
    'Content-Type is compared without case and parameters, another charset than utf-8 is 501; a message without headers begins with an empty line.',
    'A base64 initialization is decoded; the limit of 4096 octets holds for what is written.',
    'Who is asked to close or release starts nothing new, waits a bounded time for open exchanges and then agrees; 550 only when that time is over.',
    'Octets after proceed belong to TLS; only serverName survives; TLS 1.2 at least, no 3DES, never offered twice.',
    'SCRAM-SHA-256 is offered first, DIGEST-MD5 and ANONYMOUS only if switched on, PLAIN and OAUTHBEARER only under TLS; no security layers.',
    'An unknown user and a wrong password look alike: 535 after comparable work.',
    'After a successful SASL exchange neither SASL nor TLS may start.',
    'serverName chooses among the domains of a server; an unknown one is 550.',
    'The rules on keyword and message number hold for each direction and each unfinished message on its own.',
    'One tuning exchange at a time, a second is 550; a NUL with a payload is accepted only if configured.',
    'A failed initialization is a positive reply with an error in its profile; a malformed reply on an APEX channel closes that channel.',
  ],
  // APEX core
  C: [
    'transIDs of attach and bind are scoped by their channel; terminate 0 ends all of the session.',
    'An originator is an endpoint attached on the session, or of a domain the peer is bound for or trusted with; the own domain is never taken from outside.',
    'A peer attaches as its endpoint and its subaddresses, never as a service; attaching once more moves the delivery; delivery is exact.',
    'ok for data means accepted, not delivered.',
    'An unknown option that must be understood: 504 for the data, or that recipient is left out.',
    'Options that never report may lack the transID.',
    'Services are checked for core:data as everybody; provisioning lets everybody talk to them.',
    'Provisioning lets a subaddress act for its endpoint, and writes the configured entries.',
    'The content of a data passes through octet for octet.',
    'A content reference that does not resolve is 501; other absolute URIs are passed on to endpoints.',
    'statusRequest on a statusResponse is ignored, data from apex=report is never reported; 550, 537, then 550 for not attached.',
    'The one table of reply codes holds 350, 503, 551 and 556 too.',
    'An endpoint that does not answer data in time, or does not read, is detached with 451 and its session closed.',
    'Held data is bounded in number, octets and time, kept in the store, and checked for access twice.',
    'Data to another domain gets a dataHopping of 16 when it has none.',
    'Tools attach under a subaddress of their own; a client that was replaced (556) stops.',
    'Services never answer an answer.',
  ],
  // Access service
  A: [
    'Matching: domain first, then local part; `*` never matches a service; a domain wildcard may stand for nothing.',
    '`all:X`, `X:all` and `all:all` match by their words; a list with `all:none` grants nothing.',
    'Step 3 finds its entry by the same matching, defaults included; a default cannot be got (551).',
    'Timestamps are compared as instants; a new lastUpdate is later than the last one by 1 ms at least, across removal too.',
    'A change holds at once: operations no longer allowed end with terminate 537.',
    'A subaddress is decided by its own entries, then by those of its endpoint, then by the defaults.',
    'A set without actions and lastUpdate for no entry is 551; deleting an override restores the default.',
    'With an endpoint go the entries that name it as actor, its own, and its held data.',
  ],
  // Presence service
  P: [
    'The lastUpdate that step 5 of publish compares is that of the presence element.',
    'Every endpoint has a presence entry from the start, with one tuple that is no longer available.',
    'The error of terminate is a reply with 550 in data.',
    'Steps run as written: the previous operation ends even if the new one is then refused or is a poll.',
    'Which changes of subscriptions watchers are told of, polls and replacements included.',
    'A subject has no subaddress (550); originators may have one, and then are originators of their own.',
    'Durations are capped; at the cap a terminate 250 is sent.',
    'Operations survive restart and detachment, and end at their time even while the server is down.',
    'What would go to an originator that is not attached is dropped.',
    'Reply and fan-out follow the durable write, in the order of the updates.',
    'Limits on tuples, capability octets, operations and subscribers are refused with 554.',
    'With an endpoint end its attachments, its operations and those on it, with 550.',
    'A malformed operation is replied 501, an unknown one 504, if it has a transID; else it is dropped and counted.',
    'Stored deadlines are wall-clock times, running ones are monotonic.',
  ],
};

export const decisions: RequirementList = {
  heading: 'Decisions',
  requirements: Object.entries(groups).flatMap(([letter, titles]) =>
    titles.map((title, index) => ({ id: `${letter}${index + 1}`, title, level: 'decision' as const })),
  ),
  descriptive: [],
};
