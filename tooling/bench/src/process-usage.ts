import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Clock ticks of /proc in a second: the same on all systems that Node runs on. */
const TICKS = 100;

/** Resident memory of a process in KiB. */
export function residentKib(pid: number): number {
  const { status, stdout } = spawnSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ps knows no process ${pid}`);
  return Number(stdout);
}

/** Resident memory of a process and all that it has started, in KiB; what they share is counted for each. */
export function residentKibOfTree(pid: number): number {
  const { status, stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,rss='], { encoding: 'utf8' });
  if (status !== 0) throw new Error('ps does not list the processes');
  const processes = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [pid: number, parent: number, kib: number]);
  const total = (root: number): number =>
    processes
      .filter(([, parent]) => parent === root)
      .reduce((sum, [child]) => sum + total(child), processes.find(([own]) => own === root)?.[2] ?? 0);
  return total(pid);
}

/** Processor time that a process has used so far, in seconds; undefined where there is no /proc. */
export function processorSeconds(pid: number): number | undefined {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, 'utf8');
  // Behind the command's name, which may hold anything: state is field 3, user and system time 14 and 15.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}
