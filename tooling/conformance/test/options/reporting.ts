import { expect } from 'vitest';
import type { Application } from '../../src/application.ts';
import type { Delivery } from '../../src/content.ts';
import { type Tree, tree } from '../../src/tree.ts';

/** RFC 3340 §5.1, as its examples have it. */
export function statusRequest(transID = 86, attributes = "targetHop='final' mustUnderstand='true'"): string {
  return `<option internal='statusRequest' ${attributes} transID='${transID}' />`;
}

/** RFC 3342 §2: the option around a dataTiming with these attributes. */
export function dataTiming(attributes: string, transID = 86): string {
  return `<option internal='dataTiming' targetHop='all' mustUnderstand='true' transID='${transID}'><dataTiming ${attributes} /></option>`;
}

/** RFC 3342 §4. */
export function dataHopping(attributes: string, transID = 86): string {
  return `<option internal='dataHopping' targetHop='all' mustUnderstand='true' transID='${transID}'><dataHopping ${attributes} /></option>`;
}

/** RFC 3342 §3. */
export const hold = "<option internal='hold4Endpoint' />";

/** An option that no relay understands, and that has to be understood. */
export function unknownOption(targetHop: string): string {
  return `<option external='http://example.com/options#unknown' targetHop='${targetHop}' mustUnderstand='true' transID='4' />`;
}

export function reportService(endpoint: string): string {
  return `apex=report@${endpoint.slice(endpoint.lastIndexOf('@') + 1)}`;
}

/** Sends data that the relay has to accept. */
export async function sent(
  application: Application,
  originator: string,
  recipients: string | readonly string[],
  content: string,
  options: string,
): Promise<void> {
  expect((await application.data(originator, recipients, content, options)).name).toBe('ok');
}

/**
 * The next `count` destinations that the report service tells an endpoint about, each as `transID
 * recipient code`, sorted: whether they come in one statusResponse or in several is the relay's choice.
 * Anything else that arrives meanwhile is an error.
 */
export async function reported(application: Application, endpoint: string, count = 1): Promise<string[]> {
  const found: string[] = [];
  while (found.length < count) found.push(...statuses(await application.delivery(endpoint), endpoint));
  return found.sort();
}

function statuses(delivery: Delivery, endpoint: string): string[] {
  const { originator, recipients } = delivery;
  expect({ originator, recipients }, delivery.content).toEqual({
    originator: reportService(endpoint),
    recipients: [endpoint],
  });
  const { name, attributes, children } = tree(delivery.content);
  expect([name, Object.keys(attributes)]).toEqual(['statusResponse', ['transID']]);
  return children.map((destination) => {
    const [reply] = destination.children;
    expect([destination.name, destination.children.length, reply?.name]).toEqual(['destination', 1, 'reply']);
    return `${attributes['transID']} ${destination.attributes['identity']} ${reply?.attributes['code']}`;
  });
}

/** Asks for one more status of the recipient, whose report has to be the next that arrives. */
export async function expectNoReport(
  application: Application,
  originator: string,
  recipient: string,
  code = 250,
): Promise<void> {
  await sent(application, originator, recipient, '<last />', statusRequest(2_000_000_000));
  expect(await reported(application, originator)).toEqual([`2000000000 ${recipient} ${code}`]);
}

/** What the DTDs of RFC 3340 §9.1 and RFC 3342 §6 let a relay leave out. */
const defaults: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  option: { targetHop: 'final', mustUnderstand: 'false', localize: 'i-default' },
  dataTiming: { noLaterThan: '0', returnTrip: '0', reportAfter: '0', reportErrors: 'false' },
  dataHopping: { noMoreThan: '0', reportErrors: 'false' },
};

/**
 * A data element for comparison: without attributes that have their defaults, the name of its content
 * being `Content`, and the replies of its report as the examples show them, with their code alone.
 */
export function example(xml: string): Tree {
  const data = tree(xml);
  const name = data.children.find((child) => child.name === 'data-content')?.attributes['Name'];
  const renamed = (value: string): string =>
    value === name ? 'Content' : value === `#${name}` ? '#Content' : value;
  const plain = ({ name: element, attributes, children, text }: Tree): Tree => ({
    name: element,
    attributes: Object.fromEntries(
      Object.entries(attributes)
        .filter(([key, value]) => defaults[element]?.[key] !== value)
        .filter(([key]) => element !== 'reply' || key === 'code')
        .map(([key, value]) => [key, renamed(value)]),
    ),
    children: children.map(plain),
    text: element === 'reply' ? '' : text,
  });
  return plain(data);
}

/** The report of the examples (RFC 3340 §5.1, RFC 3342 §2). */
export function reportElement(originator: string, recipient: string, code: number, options = ''): string {
  return `<data content='#Content'>
      <originator identity='${reportService(originator)}' />
      <recipient identity='${originator}' />${options}
      <data-content Name='Content'>
        <statusResponse transID='86'>
          <destination identity='${recipient}'><reply code='${code}' /></destination>
        </statusResponse>
      </data-content>
    </data>`;
}

/** The attributes of the first element with that name inside a data element, as written. */
export function attributesOf(xml: string, name: string): Readonly<Record<string, string>> {
  const within = (element: Tree): Tree | undefined =>
    element.name === name ? element : element.children.map(within).find((found) => found !== undefined);
  const found = within(tree(xml));
  if (found === undefined) throw new Error(`no ${name} in ${xml}`);
  return found.attributes;
}

/** Names of the contents that arrive for an endpoint next. */
export async function names(application: Application, endpoint: string, count: number): Promise<string[]> {
  const found: string[] = [];
  while (found.length < count) found.push((await application.next(endpoint)).name);
  return found;
}
