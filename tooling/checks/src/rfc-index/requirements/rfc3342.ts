import { rfcRequirements } from './requirement.ts';

export const rfc3342 = rfcRequirements(
  '3342',
  'RFC 3342, the options',
  {
    '§1': {
      must: 'With attachOverride an attach ends the present attachment of that endpoint, which is told so by a terminate with code 556.',
      rules: { 1: { should: 'An application copes with data for transactions that it does not know.' } },
    },
    '§2': { must: 'dataTiming is sent for all hops and to be understood, and changes nothing but times.' },
    '§2.1': {
      must: 'A noLaterThan other than 0 bounds the time to delivery, in milliseconds.',
      rules: {
        1: 'Towards another relay it shrinks by the time spent here; at 0 the data is dropped, and reported if errors are to be.',
        2: 'A recipient that has not answered ok in that time counts as failed, and is reported if errors are to be.',
        3: 'After a delivery a returnTrip other than 0 brings a final hop report.',
      },
    },
    '§2.1.1': {
      must: 'A final hop report comes from the report service, carries the transID and a permanent success, and has a dataTiming of its own with the returnTrip as noLaterThan.',
    },
    '§2.1.2': {
      must: 'A timing error report comes from the report service and carries the transID and a permanent failure.',
    },
    '§2.2': {
      must: 'A reportAfter other than 0 has a delay reported and leaves the delivery alone.',
      rules: {
        1: 'Towards another relay it shrinks by the time spent here; when it reaches 0 a transient report is sent, and the data goes on with 0.',
        2: 'A recipient that has not answered ok in that time brings a transient report, once.',
      },
    },
    '§2.2.1': {
      must: 'A transient report comes from the report service and carries the transID and a transient success.',
    },
    '§3': {
      must: 'With hold4Endpoint data for an endpoint that is not attached waits until it attaches, or until another limit ends the wait.',
    },
    '§4': {
      must: 'dataHopping is sent for all hops and to be understood; its report comes from the report service and carries the transID and a permanent failure.',
      rules: {
        1: 'A noMoreThan other than 0 shrinks by 1 before each relay; at 0 the data is dropped, and reported if errors are to be.',
      },
    },
    '§6': { must: 'The contents of the options are accepted and written as their DTD says.' },
    '§7': {
      should: 'An administrator decides what the options may give away or cost.',
      rules: {
        1: { should: 'dataTiming can be switched off.' },
        2: { should: 'hold4Endpoint can be limited.' },
      },
    },
  },
  ['§5', '§5.1', '§5.2', '§5.3', '§5.4'],
);
