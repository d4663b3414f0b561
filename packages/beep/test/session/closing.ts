import { beepXml } from '../../src/message/mime.ts';
import { Recorder, text, Wire } from './wire.ts';

/** A session with channels, of which the first is at hand. */
export function withChannels(
  numbers: readonly number[] = [1],
  options: ConstructorParameters<typeof Wire>[0] = {},
) {
  const recorder = new Recorder();
  const wire = Wire.withChannels(recorder, numbers, options);
  const [channel] = recorder.channels;
  if (channel === undefined) throw new Error('no channel');
  return { wire, recorder, channel };
}

/** The peer's answers to our MSGs on channel zero. */
export const ok = (wire: Wire, msgno: number) => wire.frame(`RPY 0 ${msgno} .`, text(beepXml('<ok />')));
export const no = (wire: Wire, msgno: number) =>
  wire.frame(`ERR 0 ${msgno} .`, text(beepXml("<error code='550'>still working</error>")));
