import { isXmlName } from '@apex/beep';

/**
 * The data types of the DTDs (RFC 3340 §9.1, RFC 3341 §6, RFC 3342 §6) that are patterns of characters, as predicates:
 * the codecs call them, and so do the schemas.
 */

/** RFC 1766, with the digits that its successors allow. */
export const LANGUAGE = /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/;

export const isLanguage = (text: string): boolean => LANGUAGE.test(text);
/** XML 1.0 §2.3: characters that a name may have behind its first one. */
export const isNmtoken = (text: string): boolean => text !== '' && isXmlName(`_${text}`);
/** RFC 3341 §3: a service and an operation, such as `presence:publish`, as one NMTOKEN. */
export const isAction = (text: string): boolean => isNmtoken(text) && /^[^:]+:[^:]+$/.test(text);
