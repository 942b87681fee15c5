// Options in Node.js, where there is room for words: what is wrong with them, and what would be right.

import type { Options } from "./types.js";

/** Throws if an option can't be used. The key isn't in the error. */
export function check({ endpoint, key = "", insecure = false, storage }: Options): void {
  let url: URL | undefined;
  try {
    url = new URL(endpoint);
  } catch {
    // Said below.
  }
  if (!url || !/^https?:$/.test(url.protocol)) throw wrong("endpoint: should be such as https://events.example.com");
  if (url.username || url.password) throw wrong("endpoint: a password doesn't belong here; give the key as `key`");
  if (url.search || url.hash) throw wrong("endpoint: should have neither ? nor #");
  if (url.protocol === "http:" && !insecure && !LOOPBACK.test(url.hostname)) {
    const why = `http to ${url.hostname} would send events and the key in the clear`;
    throw wrong(`endpoint: ${why}; use https, or say \`insecure: true\``);
  }
  if (/[^!-~]/.test(key)) throw wrong("key: has a character that a key can't have; is there a line break?");
  if (storage === true) throw wrong("storage: is a folder in Node.js");
}

const wrong = (what: string) => new TypeError(`event-grpc: ${what}`);

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1])$/;
