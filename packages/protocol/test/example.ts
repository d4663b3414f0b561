import {
  contentElement,
  formatOperation,
  parseDataMessage,
  parseOperation,
  serviceData,
} from '../src/index.ts';

// wilma asks the presence service for fred's presence entry, for an hour.
const subscribe = formatOperation({
  kind: 'subscribe',
  publisher: 'fred@example.com',
  transID: 100,
  duration: 3600,
});
const payload = serviceData('wilma@example.com', 'apex=presence@example.com', subscribe);

// The service reads the BEEP payload that arrives.
const message = parseDataMessage(payload);
const element = contentElement(message);
const operation = element === undefined ? undefined : parseOperation(element);

console.log(message.data.originator.identity, operation);
