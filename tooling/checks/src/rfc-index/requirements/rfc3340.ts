import { rfcRequirements } from './requirement.ts';

export const rfc3340 = rfcRequirements(
  '3340',
  'RFC 3340, the APEX core and the report service',
  {
    '§2.1': {
      must: 'Between endpoint and relay the endpoint is the initiator; between relays either may be.',
    },
    '§2.2': {
      must: 'Identities follow the entity grammar; a local part that begins with apex= belongs to a service, a solidus separates the subaddress, and subaddresses that begin with appl= belong to registered applications.',
    },
    '§2.2.1': {
      must: 'Local parts are compared exactly, letter case included, after any transmission encoding is undone.',
    },
    '§3.1': {
      must: 'The relays of a domain are found by SRV (apex-edge or apex-mesh, tcp); a domain literal is the address itself, with the registered port.',
    },
    '§4.1': {
      must: 'A payload is the control document alone, or the start of a multipart/related whose other parts it names by cid; nested XML is named by a fragment.',
      rules: {
        1: { should: 'No transforming Content-Transfer-Encoding is used.' },
        2: 'Content-IDs are unique in the world.',
      },
    },
    '§4.2': { must: 'The profile has its own URI, and an attach or bind may come within the start.' },
    '§4.3': {
      must: 'The channel carries attach, bind, terminate and data, each answered by ok or by an error.',
    },
    '§4.4.1': {
      must: 'An attach names an endpoint and a transaction, and may carry options.',
      steps: {
        1: 'A transID that is in use on the channel: 555.',
        2: 'An endpoint of another domain: 553.',
        3: 'A peer that may not be this endpoint: 537.',
        4: 'The options are processed.',
        5: 'An endpoint to which another application is attached: 554.',
        6: 'Otherwise the application is attached and gets ok.',
      },
    },
    '§4.4.2': {
      must: 'A bind names a domain and a transaction, and may carry options.',
      steps: {
        1: 'A transID that is in use on the channel: 555.',
        2: 'A peer that may not serve this domain: 537.',
        3: 'The options are processed.',
        4: 'Otherwise the peer is taken as a relay of the domain and gets ok.',
      },
    },
    '§4.4.3': {
      must: 'A terminate names a transaction, with a code and a text at will; relay and application both send it.',
      steps: {
        1: 'transID 0 ends every attachment and binding of the session.',
        2: 'A transID that is not in use on the channel: 550.',
        3: 'Otherwise that attachment or binding ends.',
      },
    },
    '§4.4.4': {
      must: 'A data has one originator, one recipient or more, options on each of the three levels, and a content that its reference finds.',
    },
    '§4.4.4.1': {
      must: 'A relay never changes the content of a data; recipients may share one data as long as the outcome is the same.',
      steps: {
        1: 'A client that may not send for the originator: 537.',
        2: 'The options of the data are processed.',
        3: 'The relay answers ok.',
        4: 'The options of the originator are processed.',
        5: 'Each recipient is processed on its own.',
        '5.1': 'The options of the recipient are processed.',
        '5.2': 'For another domain the data goes to a relay of that domain, over a session made for it.',
        '5.3':
          'For the own domain the access service must allow core:data, and the recipient must be attached; then it gets the data with itself as recipient.',
      },
    },
    '§4.4.4.2': {
      must: 'An application takes data for the endpoints it is attached as.',
      steps: {
        1: 'It does not process options of the data or the originator.',
        2: 'Each recipient is processed on its own.',
        '2.1': 'It does not process options of the recipient.',
        '2.2': 'A recipient it is not attached as counts as failed.',
        '2.3': 'Any other recipient counts as processed.',
        3: 'It answers an error when no recipient was processed, otherwise ok.',
      },
    },
    '§4.5.1': {
      must: 'Who may attach and originate is provisioned per peer identity.',
      rules: {
        1: 'A peer may attach as the endpoint it authenticated as, and as its subaddresses.',
        2: 'An attached endpoint may originate data as itself.',
        3: 'Delivery in the own domain asks the access entries of the recipient.',
      },
    },
    '§4.5.2': {
      must: 'Who may bind and relay is provisioned per peer identity.',
      rules: {
        1: 'A peer may bind for the domain it authenticated as.',
        2: 'A relay that sends data applies no access policy.',
        3: 'A relay that receives data accepts originators of the domain of the peer, and others from relays it is configured to trust.',
      },
    },
    '§5': {
      must: 'Options stand in data, originator, recipient and attach; each names what it is and who processes it.',
      rules: {
        5: 'Exactly one of internal and external names the option.',
        6: 'targetHop names the relays that process it.',
        7: 'mustUnderstand tells whether not knowing it is an error.',
        8: 'transID identifies it in reports.',
        9: 'localize lists the languages wanted in reports.',
        10: 'In an attach targetHop and transID have no meaning.',
        11: 'external is an absolute URI.',
        12: 'An option for this hop is processed here and removed.',
        13: 'An option for the final hop is processed by the relay that delivers.',
        14: 'An option for all hops is processed here and kept.',
        15: 'A relay that delivers removes no option.',
        16: 'An unknown option that applies and must be understood is an error; mustUnderstand is not looked at otherwise.',
      },
    },
    '§5.1': {
      must: 'Each relay to which a statusRequest applies has the report service send the originator a statusResponse.',
      rules: {
        1: 'No data with a statusResponse carries a statusRequest.',
        2: 'With targetHop all, every relay on the way reports.',
        3: { should: 'An application that gets the option by mistake starts no loop.' },
      },
    },
    '§6': {
      must: 'Every relay of a domain handles data for all of its endpoints, and services are endpoints with well-known names.',
    },
    '§6.1.1': {
      should: 'transIDs that applications make cannot be guessed.',
      rules: {
        1: 'A transID of attach and bind means something only as long as its channel.',
        2: 'A transID in an exchange with a service outlives channels and sessions.',
      },
    },
    '§6.1.2': {
      must: 'A reply has a code of three digits, the transID it answers, and text for people at will.',
    },
    '§6.2': {
      must: 'For a statusRequest the originator gets a statusResponse by data from the report service.',
      rules: {
        1: 'The service is apex=report of its domain.',
        3: 'Nobody starts an exchange with it.',
        4: 'It sends statusResponse.',
        5: 'transID is that of the statusRequest.',
        6: 'Each destination has an identity and one reply.',
        7: 'identity is the recipient reported on.',
        8: 'The reply is the delivery status.',
      },
    },
    '§8.1': {
      must: 'attach and bind alone may come within a start; ok is the only positive reply, error the only negative one, and nothing is one-to-many.',
    },
    '§8.2': { must: 'Relays listen to relays on the registered port 912 by default.' },
    '§8.3': { must: 'Relays listen to endpoints on the registered port 913 by default.' },
    '§8.4': { must: 'statusRequest is read in data and in recipient, and has no content.' },
    '§9.1': { must: 'The elements of the core are accepted and written as their DTD says.' },
    '§9.2': { must: 'The elements of the report service are accepted and written as their DTD says.' },
    '§10': { must: 'Reply codes are used with the meaning of the table.' },
    '§11': {
      must: 'DIGEST-MD5 and TLS are there (the named cipher is not: B11, and DIGEST-MD5 is off by default: B12).',
      rules: { 1: { should: 'An administrator can switch statusRequest off.' } },
    },
  },
  [
    '§1',
    '§1.1',
    '§1.2',
    '§2',
    '§3',
    '§3.2',
    '§3.3',
    '§3.4',
    '§3.5',
    '§3.6',
    '§4',
    '§4.4',
    '§4.5',
    '§6.1',
    '§7',
    '§7.1',
    '§7.2',
    '§7.3',
    '§8',
    '§8.5',
    '§9',
  ],
);
