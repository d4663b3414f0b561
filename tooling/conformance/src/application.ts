import { type Delivery, readData } from './content.ts';
import {
  apexProfile,
  attachElement,
  base64,
  dataElement,
  newTransID,
  plainProfile,
  presenceOf,
  profileElement,
  subscribeElement,
  watchElement,
} from './elements.ts';
import { target } from './target.ts';
import { beepXml, patienceMs, type ReceivedMessage, Wire } from './wire.ts';
import { characterData, type Element, element, findElement } from './xml.ts';

export {
  anonymousProfile,
  apexProfile,
  attachElement,
  base64,
  dataElement,
  dataWithOptions,
  newTransID,
  type OptionLevels,
  type PublishParts,
  plainProfile,
  presenceOf,
  profileElement,
  publishElement,
  subscribeElement,
  tupleElement,
  watchElement,
} from './elements.ts';

/** What a request came to: `ok`, or the code of an error element. */
export interface Answer {
  readonly keyword: 'RPY' | 'ERR';
  /** The name of the element. */
  readonly name: string;
  /** The code of an error; undefined otherwise. */
  readonly code: number | undefined;
  readonly body: string;
}

/** What an application received from the service: the operation and who sent it. */
export interface Operation extends Element {
  readonly originator: string;
}

export interface Termination {
  readonly channel: number;
  readonly transID: string;
  readonly code: string;
}

/**
 * A small APEX application (RFC 3340): one session, attached as any number of endpoints. Requests are
 * strings that the tests write; what arrives is sorted by the endpoint it is for.
 */
export class Application {
  readonly wire: Wire;
  /** The greeting of the server. */
  readonly greeting: string;
  /** The APEX channel that requests take by default. */
  channel = 0;
  /** Whether data and terminate are answered as they arrive. */
  acknowledges = true;
  /** Server's requests that were not answered. */
  readonly unanswered: ReceivedMessage[] = [];
  /** Numbers of channels that the server asked to close. */
  readonly closedByServer: number[] = [];
  readonly terminations: Termination[] = [];
  /** Channel and number of each reply, in the order of arrival. */
  readonly replyOrder: string[] = [];
  readonly #deliveries = new Map<string, Delivery[]>();
  readonly #replies = new Map<string, ReceivedMessage>();
  readonly #nextMsgno = new Map<number, number>();
  #nextChannel = 1;
  /** Presence operations that may be in progress: transID by `endpoint transID`. */
  readonly #operations = new Map<string, { readonly endpoint: string; readonly transID: number }>();
  readonly #watchers = new Set<() => void>();
  #failure: Error | undefined;

  private constructor(wire: Wire, greeting: string) {
    this.wire = wire;
    this.greeting = greeting;
    void this.#receive();
  }

  /** A session with both greetings exchanged. */
  static async open(at: { readonly host: string; readonly port: number } = target()): Promise<Application> {
    const wire = await Wire.open(at.host, at.port);
    wire.frame('RPY', 0, 0, beepXml('<greeting />'));
    const greeting = await wire.nextMessage();
    if (greeting.keyword !== 'RPY') throw new Error(`no greeting: ${greeting.payload}`);
    return new Application(wire, greeting.body);
  }

  // --- BEEP

  /** The next odd channel number. */
  newChannel(): number {
    const channel = this.#nextChannel;
    this.#nextChannel += 2;
    return channel;
  }

  /** Sends a MSG and returns its whole reply. */
  exchange(channel: number, payload: string | Buffer): Promise<ReceivedMessage> {
    return this.reply(channel, this.message(channel, payload));
  }

  /** Sends a MSG; returns its message number. */
  message(channel: number, payload: string | Buffer): number {
    const msgno = this.#nextMsgno.get(channel) ?? 1;
    this.#nextMsgno.set(channel, msgno + 1);
    this.wire.send('MSG', channel, msgno, payload);
    return msgno;
  }

  /** The reply to a MSG that was sent. */
  reply(channel: number, msgno: number): Promise<ReceivedMessage> {
    const key = `${channel} ${msgno}`;
    return this.#until(() => {
      const reply = this.#replies.get(key);
      this.#replies.delete(key);
      return reply;
    }, `the reply to MSG ${key}`);
  }

  /** Whether the reply to a MSG is there. */
  hasReply(channel: number, msgno: number): boolean {
    return this.#replies.has(`${channel} ${msgno}`);
  }

  /** A request on channel zero. */
  async manage(xml: string): Promise<Answer> {
    return readAnswer(await this.exchange(0, beepXml(xml)));
  }

  /** Starts a channel; `profiles` are profile elements. */
  start(channel: number, profiles: string, attributes = ''): Promise<Answer> {
    this.wire.forget(channel);
    return this.manage(`<start number='${channel}'${attributes}>${profiles}</start>`);
  }

  async closeChannel(channel: number): Promise<Answer> {
    return this.manage(`<close number='${channel}' code='200' />`);
  }

  // --- SASL

  /** PLAIN with its blob in the start; returns the element inside the profile of the reply. */
  async plain(authentication: string, password: string, authorization = ''): Promise<Answer> {
    const blob = base64(`${authorization}\0${authentication}\0${password}`);
    return initializationAnswer(
      await this.start(this.newChannel(), profileElement(plainProfile, `<blob>${blob}</blob>`)),
    );
  }

  async authenticate(authentication: string, password: string): Promise<void> {
    const answer = await this.plain(authentication, password);
    if (answer.code !== undefined) throw new Error(`not authenticated as ${authentication}: ${answer.body}`);
  }

  // --- APEX

  /** Starts an APEX channel, which becomes the default one; with `initialization` returns its answer. */
  async startApex(initialization?: string): Promise<Answer> {
    const channel = this.newChannel();
    const answer = await this.start(channel, profileElement(apexProfile, initialization));
    if (answer.code !== undefined) return answer;
    this.channel = channel;
    return initialization === undefined ? answer : initializationAnswer(answer);
  }

  /** A request on an APEX channel. */
  async request(xml: string, channel = this.channel): Promise<Answer> {
    return readAnswer(await this.exchange(channel, beepXml(xml)));
  }

  attach(endpoint: string, transID = newTransID(), options = '', channel = this.channel): Promise<Answer> {
    return this.request(attachElement(endpoint, transID, options), channel);
  }

  terminate(transID: number, channel = this.channel): Promise<Answer> {
    return this.request(`<terminate transID='${transID}' />`, channel);
  }

  data(
    originator: string,
    recipients: string | readonly string[],
    content: string,
    options = '',
  ): Promise<Answer> {
    return this.request(dataElement(originator, recipients, content, options));
  }

  /** The next data for an endpoint. */
  delivery(endpoint: string, withinMs?: number): Promise<Delivery> {
    return this.#until(() => this.#deliveries.get(endpoint)?.shift(), `data for ${endpoint}`, withinMs);
  }

  /** The next operation for an endpoint, whoever sent it. */
  async next(endpoint: string, withinMs?: number): Promise<Operation> {
    const { originator, content } = await this.delivery(endpoint, withinMs);
    return { ...element(content), originator };
  }

  /** Data that arrived for an endpoint and was not taken. */
  waiting(endpoint: string): readonly Delivery[] {
    return this.#deliveries.get(endpoint) ?? [];
  }

  nextTermination(withinMs?: number): Promise<Termination> {
    return this.#until(() => this.terminations.shift(), 'a terminate', withinMs);
  }

  /** Answers a request of the server. */
  answer(
    { channel, msgno }: { channel: number; msgno: number },
    xml = '<ok />',
    keyword: 'RPY' | 'ERR' = 'RPY',
  ): void {
    this.wire.send(keyword, channel, msgno, beepXml(xml));
  }

  // --- the presence service

  /** Sends an operation to the presence service and waits for the relay's ok. */
  async operate(endpoint: string, operation: string, service = presenceOf(endpoint)): Promise<void> {
    const answer = await this.data(endpoint, service, operation);
    if (answer.code !== undefined) throw new Error(`the relay refused ${operation}: ${answer.body}`);
  }

  async subscribe(
    endpoint: string,
    publisher: string,
    duration: number,
    transID = newTransID(),
  ): Promise<number> {
    this.#begin(endpoint, transID);
    await this.operate(endpoint, subscribeElement(publisher, duration, transID));
    return transID;
  }

  async watch(
    endpoint: string,
    publisher: string,
    duration: number,
    transID = newTransID(),
  ): Promise<number> {
    this.#begin(endpoint, transID);
    await this.operate(endpoint, watchElement(publisher, duration, transID));
    return transID;
  }

  async endOperation(endpoint: string, transID: number): Promise<void> {
    await this.operate(endpoint, `<terminate transID='${transID}' />`);
  }

  /** The next operation must be a reply to `transID`; returns its code. */
  async replyCode(endpoint: string, transID: number): Promise<number> {
    const { name, attributes } = await this.next(endpoint);
    if (name !== 'reply' || attributes['transID'] !== String(transID)) {
      throw new Error(`expected the reply to ${transID}, not ${name} ${JSON.stringify(attributes)}`);
    }
    return Number(attributes['code']);
  }

  /** The presence entry as a poll gives it, with `own` entry's rights. */
  async poll(endpoint: string, publisher = endpoint): Promise<Element> {
    await this.subscribe(endpoint, publisher, 0);
    return this.published(endpoint);
  }

  /** The next operation must be a publish; returns its presence element. */
  async published(endpoint: string): Promise<Element> {
    const operation = await this.next(endpoint);
    if (operation.name !== 'publish') {
      throw new Error(`expected a publish, not ${operation.name} ${JSON.stringify(operation.attributes)}`);
    }
    return element(operation.inner, 'presence');
  }

  #begin(endpoint: string, transID: number): void {
    this.#operations.set(`${endpoint} ${transID}`, { endpoint, transID });
  }

  /** Ends the presence operations, so that a later run finds none of them, then the session. */
  async leave(): Promise<void> {
    try {
      this.acknowledges = true;
      this.wire.opensWindows = true;
      if (!this.wire.isOpen) return;
      for (const { endpoint, transID } of this.#operations.values()) {
        const answer = await this.data(endpoint, presenceOf(endpoint), `<terminate transID='${transID}' />`);
        if (answer.code !== undefined) break;
      }
    } catch {
      // The test has said what is wrong.
    } finally {
      this.wire.close();
    }
  }

  async #receive(): Promise<void> {
    try {
      for (;;) this.#take(await this.wire.nextMessage(Number.POSITIVE_INFINITY));
    } catch (error) {
      this.#failure = error as Error;
    }
    this.#changed();
  }

  #take(message: ReceivedMessage): void {
    const { keyword, channel, msgno, payload, body } = message;
    if (keyword === 'MSG') {
      if (channel === 0) this.#takeManagement(message);
      else if (/^\s*<terminate\b/.test(body)) this.#takeTerminate(message);
      else {
        const delivery = { channel, msgno, ...readData(payload, body) };
        for (const recipient of delivery.recipients) {
          const waiting = this.#deliveries.get(recipient);
          if (waiting === undefined) this.#deliveries.set(recipient, [delivery]);
          else waiting.push(delivery);
        }
        this.#acknowledge(message);
      }
    } else {
      this.replyOrder.push(`${channel} ${msgno}`);
      this.#replies.set(`${channel} ${msgno}`, message);
    }
    this.#changed();
  }

  #takeManagement(message: ReceivedMessage): void {
    const { name, attributes } = element(message.body);
    if (name !== 'close') return this.answer(message, "<error code='550' />", 'ERR');
    this.closedByServer.push(Number(attributes['number'] ?? 0));
    this.answer(message);
  }

  #takeTerminate(message: ReceivedMessage): void {
    const { transID = '0', code = '250' } = element(message.body).attributes;
    this.terminations.push({ channel: message.channel, transID, code });
    this.#acknowledge(message);
  }

  #acknowledge(message: ReceivedMessage): void {
    if (this.acknowledges) this.answer(message);
    else this.unanswered.push(message);
  }

  async #until<T>(look: () => T | undefined, what: string, withinMs = patienceMs): Promise<T> {
    const until = Date.now() + withinMs;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.#failure !== undefined) throw this.#failure;
      if (Date.now() >= until) throw new Error(`${what} did not come within ${withinMs} ms`);
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          this.#watchers.delete(done);
          resolve();
        };
        const timer = setTimeout(done, until - Date.now());
        this.#watchers.add(done);
      });
    }
  }

  /** Resolves once `look` finds something among what has arrived. */
  until<T>(look: () => T | undefined, what: string, withinMs?: number): Promise<T> {
    return this.#until(look, what, withinMs);
  }

  #changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/** What stands inside the profile element of a positive reply to start. */
export function initializationAnswer(answer: Answer): Answer {
  if (answer.code !== undefined) return answer;
  return answerOf(answer.keyword, characterData(element(answer.body, 'profile').inner).trim());
}

/** What a reply came to. */
export function readAnswer({ keyword, body }: ReceivedMessage): Answer {
  if (keyword !== 'RPY' && keyword !== 'ERR') throw new Error(`not a one-to-one reply: ${keyword} ${body}`);
  return answerOf(keyword, body);
}

function answerOf(keyword: Answer['keyword'], body: string): Answer {
  const found = findElement(body);
  const code = found?.name === 'error' ? Number(found.attributes['code']) : undefined;
  return { keyword, name: found?.name ?? '', code, body };
}
