// The lock of a folder: a file with the process that uses it. One whose process is gone is taken over.

import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { threadId } from "node:worker_threads";

// The folders that this thread uses. A lock with the number of this process may come from an earlier one: in a container the first
// process has the same number after each start.
const mine = new Set<string>();

/** Locks a folder, and returns what unlocks it. Throws if a running process uses it. */
export function lock(folder: string): () => void {
  const path = join(folder, "lock");
  const own = holderOf(process.pid);
  const draft = `${path}.${process.pid}.${threadId}`;
  if (mine.has(path)) throw inUse(folder, process.pid);
  writeFileSync(draft, own);
  try {
    // The lock appears with its content, and only if there is none.
    while (!link(draft, path)) {
      const holder = read(path);
      if (isHeld(holder)) throw inUse(folder, parseInt(holder));
      takeAway(path, holder);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  mine.add(path);
  return () => {
    mine.delete(path);
    rmSync(path, { force: true });
  };
}

const inUse = (folder: string, pid: number) =>
  new Error(`event-grpc: the queue in ${folder} is in use by process ${pid}: give each process a folder of its own`);

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Removes a lock that was left behind, unless another process has just replaced it. */
function takeAway(path: string, holder: string): void {
  const aside = `${path}.${process.pid}.${threadId}.old`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (read(aside) !== holder) link(aside, path);
  rmSync(aside, { force: true });
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** A process: its number, and where Linux tells, when it was started and in which run of the machine. Numbers are used again. */
const holderOf = (pid: number) => `${pid} ${startOf(pid)} ${read("/proc/sys/kernel/random/boot_id").trim()}`;

/** Whether the process that wrote this runs. One with the number of this process is another where it can't be told apart. */
function isHeld(holder: string): boolean {
  const [pid = "", start = "", boot] = holder.split(" ");
  const [, now = "", run] = holderOf(+pid).split(" ");
  return isAlive(+pid) && start === now && (boot ?? run) === run && (+pid !== process.pid || !!start);
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When a process was started, where Linux tells: numbers of processes are used again. */
function startOf(pid: number): string {
  // The name of the program, in parentheses, may hold spaces. The start is the 20th field after it.
  return read(`/proc/${pid}/stat`).replace(/.*\) /s, "").split(" ")[19] ?? "";
}
