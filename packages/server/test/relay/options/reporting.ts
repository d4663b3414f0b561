import { Stage } from '../stage.ts';

export const fred = 'fred@example.com';
export const wilma = 'wilma@example.com';
export const barney = 'barney@example.com';

/** Fred and wilma, each attached on a session of their own. */
export function twoAttached(...of: ConstructorParameters<typeof Stage>) {
  const stage = new Stage(...of);
  return { stage, fredAt: stage.attached(fred), wilmaAt: stage.attached(wilma) };
}

/** What was reported: transID, recipient and code of each. */
export function reports(stage: Stage): readonly string[] {
  return stage.reported.map(
    ({ recipient, transID, destination }) =>
      `${recipient} ${transID} ${destination.identity} ${destination.code}`,
  );
}

export function statusRequest(transID: number, targetHop = 'final'): string {
  return `<option internal='statusRequest' targetHop='${targetHop}' mustUnderstand='true' transID='${transID}' />`;
}

export function dataTiming(transID: number, attributes: string): string {
  return `<option internal='dataTiming' targetHop='all' mustUnderstand='true' transID='${transID}'><dataTiming ${attributes} /></option>`;
}

export function dataHopping(transID: number, attributes: string): string {
  return `<option internal='dataHopping' targetHop='all' mustUnderstand='true' transID='${transID}'><dataHopping ${attributes} /></option>`;
}
