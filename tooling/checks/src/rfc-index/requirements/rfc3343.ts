import { rfcRequirements } from './requirement.ts';

export const rfc3343 = rfcRequirements(
  '3343',
  'RFC 3343, the presence service',
  {
    '§2.1': { must: 'A publish is answered at once, with its transID.' },
    '§2.2': {
      must: 'A subscriber gets the entry at once and again at each change, until the duration is over and a terminate says so; with duration 0 just once. Either side may end it earlier.',
      rules: { 1: 'An application reads the entry before it changes it.' },
    },
    '§2.3': {
      must: 'A watcher learns of each subscription that exists, begins or ends, until the duration is over and a terminate says so; with duration 0 just once. Either side may end it earlier.',
    },
    '§3': {
      must: 'A domain keeps a presence entry for each endpoint, attached or not: publisher, lastUpdate, publisherInfo and at least one tuple with its capabilities.',
    },
    '§4': {
      must: 'Presence entries and operations in progress are kept in persistent storage.',
      rules: {
        1: 'The service is apex=presence of its domain.',
        3: 'It takes subscribe, watch and publish.',
        4: 'It sends terminate, publish and notify on its own.',
      },
    },
    '§4.1': { must: 'Operations are taken inline and from a cid part alike.' },
    '§4.2': {
      must: 'A subscribe names publisher, transID and duration in seconds; whatever answers it carries the same transID.',
      steps: {
        1: 'A subject of another domain: 553.',
        2: 'A subject that is no valid endpoint: 550.',
        3: 'An originator without presence:subscribe: 537.',
        4: 'A subscription of the same originator to the same subject ends silently.',
        5: 'A transID that the originator has in use: 555.',
        6: 'Otherwise the subscription begins.',
        '6.1': 'The originator gets the present entry in a publish.',
        '6.2': 'Each watcher of the subject gets a notify.',
        '6.3':
          'Until the duration is over each change is published to the originator; at its end it gets a terminate. With duration 0 neither happens.',
      },
    },
    '§4.3': {
      must: 'A watch names publisher, transID and duration in seconds; whatever answers it carries the same transID.',
      steps: {
        1: 'A subject of another domain: 553.',
        2: 'A subject that is no valid endpoint: 550.',
        3: 'An originator without presence:watch: 537.',
        4: 'A watch of the same originator on the same subject ends silently.',
        5: 'A transID that the originator has in use: 555.',
        6: 'Otherwise the watch begins.',
        '6.1': 'The originator gets 250.',
        '6.2': 'It gets a notify for each subscription to the subject.',
        '6.3':
          'Until the duration is over it gets a notify for each subscription that begins or ends; at its end it gets a terminate. With duration 0 neither happens.',
      },
    },
    '§4.4': {
      must: 'A publish names publisher, transID and timeStamp and carries one presence; the reply has its transID, and those that the service sends have that of the subscription and the time of the service.',
      steps: {
        1: 'Two different publishers in publish and presence: 503.',
        2: 'A subject of another domain: 553.',
        3: 'A subject that is no valid endpoint: 550.',
        4: 'An originator without presence:publish: 537.',
        5: 'A lastUpdate that does not mean the same instant as that of the entry: 555.',
        6: 'Otherwise the publish succeeds.',
        '6.1': 'The entry is updated.',
        '6.2': 'Its lastUpdate is the time of the service.',
        '6.3': 'The originator gets 250.',
      },
    },
    '§4.5': {
      must: 'A terminate names the operation that it ends; after the reply to it the service sends nothing more for it.',
      steps: {
        1: 'A transID that the originator has not in use: 550.',
        2: 'Otherwise the operation ends, and the originator gets 250.',
      },
    },
    '§4.6': {
      must: 'A notify names the subscriber, the transID of the watch and what happened, with the requested duration of a subscription; nobody answers it.',
    },
    '§4.7': { must: 'Refusals and successes are reply elements of the core.' },
    '§6': { must: 'The elements of the presence service are accepted and written as their DTD says.' },
    '§7': { should: 'Timestamps can hide where they were made, by the offset -00:00.' },
  },
  ['§1', '§2', '§5'],
);
