// The queue in a file: each event that is taken is a line, and so is each list of keys that are done. What the operating system
// has survives a crash of the process. A line begins with the CRC-32 of its JSON, in 8 digits; those of version 1.0 have none.

import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "./crc32.js";
import { lock } from "./lock.js";
import { isStored, type Found, type Store, type Stored } from "./platform.js";

/** Bytes of lines that are done, beyond which the file is written anew. */
const SLACK = 4 << 20;

/** Opens the queue in a folder. Throws if another process uses it, or if the folder can't be written. */
export function journal(folder: string): Store {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unlock = lock(folder);
  const path = join(folder, "queue.jsonl");
  const kept = new Map<string, Stored>();
  let damaged = 0;
  let file: number;
  let bytes = 0;
  let ended = false;
  try {
    for (const line of lines(path)) apply(line);
    file = rewrite();
  } catch (error) {
    unlock();
    throw error;
  }

  function apply(line: string): void {
    try {
      const value: Stored | string[] = JSON.parse(contentOf(line));
      if (Array.isArray(value)) value.forEach((key) => kept.delete(key));
      else if (isStored(value)) kept.set(value.key, value);
      else damaged++;
    } catch {
      damaged++;
    }
  }

  /** Writes what is kept into a new file in place of the old one. */
  function rewrite(): number {
    const draft = `${path}.new`;
    const text = [...kept.values()].map(lineOf).join("");
    rmSync(draft, { force: true });
    const fresh = openSync(draft, "a", 0o600);
    try {
      writeFileSync(fresh, text);
      fsyncSync(fresh);
      renameSync(draft, path);
    } catch (error) {
      closeSync(fresh);
      throw error;
    }
    bytes = Buffer.byteLength(text);
    return fresh;
  }

  /** Appends a line. It begins with the end of the one before, which may be cut off. */
  function append(line: string): void {
    try {
      writeFileSync(file, line);
    } catch (error) {
      ftruncateSync(file, bytes);
      throw error;
    }
    bytes += Buffer.byteLength(line);
  }

  let left: Found = { found: [...kept.values()], damaged };

  return {
    async adopt() {
      const given = left;
      left = { found: [], damaged: 0 };
      return given;
    },
    add(entry) {
      if (ended) return false;
      const { key, at, id, type, header, body } = entry;
      const record = { key, at, id, type, header, body };
      try {
        append(lineOf(record));
      } catch {
        return false;
      }
      kept.set(key, record);
      entry.saved = true;
      return true;
    },
    remove(entries) {
      if (ended) return;
      const keys = entries.map((entry) => entry.key).filter((key) => kept.delete(key));
      try {
        if (!kept.size) {
          ftruncateSync(file);
          bytes = 0;
        } else if (keys.length) {
          append(lineOf(keys));
        }
        if (bytes > SLACK && bytes > SLACK + sizeOf(kept)) {
          const old = file;
          file = rewrite();
          closeSync(old);
        }
      } catch {
        // What couldn't be taken out is sent again by the next run, and stored once.
      }
    },
    async close() {
      if (ended) return;
      ended = true;
      closeSync(file);
      unlock();
    },
  };
}

function lineOf(record: Stored | string[]): string {
  const text = JSON.stringify(record);
  return `\n${crc32(text)} ${text}`;
}

/** The JSON of a line. Throws if it isn't what was written. */
function contentOf(line: string): string {
  if (line.startsWith("{") || line.startsWith("[")) return line;
  const text = line.slice(9);
  if (line.slice(0, 9) !== `${crc32(text)} `) throw new Error("damaged");
  return text;
}

function sizeOf(kept: Map<string, Stored>): number {
  let size = 0;
  for (const { header, body } of kept.values()) size += 2 * (header.length + body.length);
  return size;
}

function lines(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n").filter(Boolean);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
