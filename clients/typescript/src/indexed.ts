// The queue in IndexedDB, which the tabs of an origin share. Each tab writes what it took, under a name of its own, and
// holds a Web Lock of that name as long as something of it is there: what has a name that nobody holds was left by a page
// that is gone, and whoever finds it makes it its own.

import { isStored, type Entry, type Store, type Stored } from "./platform.js";

interface Row extends Stored {
  owner: string;
}

/** The shared queue of this name. */
export interface Shared extends Store {
  /** Runs a task while no other tab runs one. */
  alone<T>(task: () => Promise<T>): Promise<T>;
  /** Lets other tabs have what is there or on its way, since this page may never run again. */
  release(): void;
}

/** Opens the queue of this name. `owner` is a name that no other tab has. */
export function shared(name: string, owner: string): Shared {
  const locks = navigator.locks as LockManager | undefined;
  // Where locks are forbidden, as in some frames, and where there are none, each tab sends by itself.
  const alone = async <T>(task: () => Promise<T>): Promise<T> => locks?.request(name, task).catch(task) ?? task();
  const lockOf = (tab: string) => `${name} tab ${tab}`;
  let database: Promise<IDBDatabase> | undefined;
  let unsaved: Entry[] = [];
  let gone: string[] = [];
  // How many events of this tab are there, or on their way.
  let kept = 0;
  let full = false;
  let writing: Promise<void> | undefined;
  // What lets this tab's lock go, once it is held; nothing, where there are no locks.
  let holding: Promise<(() => void) | void> | undefined;

  function open(): Promise<IDBDatabase> {
    database ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore("events", { keyPath: "key" });
      request.onerror = reject;
      // A database that never opens, which happens, is as good as none.
      setTimeout(reject, 5_000);
      request.onsuccess = () => {
        request.result.onclose = () => (database = undefined);
        resolve(request.result);
      };
    });
    database.catch(() => (database = undefined));
    return database;
  }

  /** Runs one transaction, and ends with it. */
  async function transact<T>(run: (rows: IDBObjectStore) => IDBRequest<T> | void): Promise<T | undefined> {
    const transaction = (await open()).transaction("events", "readwrite");
    return new Promise((resolve, reject) => {
      const request = run(transaction.objectStore("events"));
      transaction.oncomplete = () => resolve(request?.result);
      transaction.onabort = reject;
    });
  }

  /** Holds this tab's lock. */
  const hold = () =>
    (holding ??= new Promise((resolve) => {
      locks?.request(lockOf(owner), () => new Promise<void>(resolve)).catch(() => resolve()) ?? resolve();
    }));

  function release(): void {
    void holding?.then((free) => free?.());
    holding = undefined;
  }

  /** Writes all that is to be written, until nothing is left or storage is full. */
  const write = () =>
    (writing ??= Promise.resolve().then(async () => {
      while (gone.length || (unsaved.length && !full)) {
        const keys = gone;
        const entries = full ? [] : [...unsaved];
        gone = [];
        try {
          if (entries.length) await hold();
          await transact((rows) => {
            keys.forEach((key) => rows.delete(key));
            entries.forEach((entry) => rows.put({ ...entry, owner }));
          });
          entries.forEach((entry) => (entry.saved = true));
          full = false;
        } catch {
          // What can't be written stays in memory, and is tried again when something has left the storage. What can't even be
          // deleted is sent again at the next visit, and stored once.
          if (entries.length) gone.unshift(...keys);
          full = true;
        }
        unsaved = unsaved.filter((entry) => !entry.saved && !entry.settled);
      }
      if (!kept) release();
      writing = undefined;
    }));

  return {
    add(entry) {
      entry.saved = false;
      kept++;
      unsaved.push(entry);
      void write();
    },
    remove(entries) {
      for (const { key, saved } of entries) {
        // What was never added says nothing about being saved.
        if (saved === undefined) continue;
        gone.push(key);
        kept--;
      }
      unsaved = unsaved.filter((entry) => !entry.settled);
      void write();
    },
    async close() {
      await write();
      release();
    },
    adopt: () =>
      alone(async () => {
        const moved: string[] = [];
        // What wasn't written yet when its page went is in localStorage, under the name of its tab's lock. This tab has its own.
        const rows = (await transact((rows) => {
          try {
            for (const key in localStorage) {
              if (key.startsWith(lockOf("")) && key !== lockOf(owner)) {
                // First, so that one that is damaged goes and the others come at the next look.
                moved.push(key);
                JSON.parse(localStorage[key]).forEach((entry: Entry) => rows.put(entry));
              }
            }
          } catch {
            // Workers have none, and pages may not be allowed to use it.
          }
          return rows.getAll() as IDBRequest<Row[]>;
        }))!;
        moved.forEach((key) => delete localStorage[key]);
        // The locks are looked at after the rows were read: a tab holds its lock before it writes.
        const held = locks ? (await locks.query()).held! : [];
        const orphans = rows.filter((row) => row.owner !== owner && !held.some((lock) => lock.name === lockOf(row.owner)));
        const found = orphans.filter(isStored);
        if (orphans.length) {
          kept += found.length;
          await hold();
          await transact((rows) => {
            orphans.forEach((row) => (found.includes(row) ? rows.put({ ...row, owner }) : rows.delete(row.key)));
          });
        }
        return { found, damaged: orphans.length - found.length };
      }),
    alone,
    release() {
      release();
      // A page that goes can't wait for a transaction, and what it sends as it goes may not arrive. All of it is one text: of
      // many, those that a busy browser hasn't read when the page has ended are lost.
      try {
        delete localStorage[lockOf(owner)];
        if (unsaved.length) localStorage[lockOf(owner)] = JSON.stringify(unsaved);
      } catch {
        // It may be full, or forbidden.
      }
    },
  };
}
