// The lock of a folder: a file with the process that uses it. One whose process is gone is taken over.

import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// The folders that this process uses. A lock with its own number may come from an earlier one: in a container the first process has
// the same number after each start.
const mine = new Set<string>();

/** Locks a folder, and returns what unlocks it. Throws if a running process uses it. */
export function lock(folder: string): () => void {
  const path = join(folder, "lock");
  const own = `${process.pid} ${startOf(process.pid)}`;
  const draft = `${path}.${process.pid}`;
  if (mine.has(path)) throw inUse(folder, process.pid);
  writeFileSync(draft, own);
  try {
    // The lock appears with its content, and only if there is none.
    while (!link(draft, path)) {
      const holder = read(path);
      const [pid = "", start] = holder.split(" ");
      if (isAlive(+pid) && +pid !== process.pid && startOf(+pid) === start) throw inUse(folder, +pid);
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
  const aside = `${path}.${process.pid}.old`;
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
