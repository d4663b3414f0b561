/** Something that an operator may want to know; `name` is stable. Other members say what it is about. */
export interface ServerEvent {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly name: string;
  readonly [detail: string]: string | number | boolean | undefined;
}
