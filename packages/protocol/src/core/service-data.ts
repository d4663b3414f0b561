import { attribute, beepXml, escapeXml } from '@apex/beep';

/**
 * The BEEP payload of data from one endpoint to another whose content is one operation, as services
 * and their clients send it (RFC 3340 §4.1).
 * @param operationXml what a `format…` function wrote
 */
export function serviceData(originator: string, recipient: string, operationXml: string): Uint8Array {
  const [head, middle, tail] = serviceDataAround(originator);
  return beepXml(head + escapeXml(recipient) + middle + operationXml + tail);
}

/** The same as the text before the recipient, between it and the operation, and behind. */
export function serviceDataAround(originator: string): readonly [head: string, middle: string, tail: string] {
  return [
    `<data content='#Content'><originator${attribute('identity', originator)} /><recipient identity='`,
    "' /><data-content Name='Content'>",
    '</data-content></data>',
  ];
}
