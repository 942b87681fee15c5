// Pages in headless Chromium.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { build } from "esbuild";
import { chromium } from "playwright-core";

export const PROGRAM = process.env.CHROMIUM ?? process.env.EVENT_GRPC_TEST_CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

/** What a test says when there is nothing to run it in. */
export const skip = !PROGRAM && "there is no Chromium";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts a browser whose profile is in a folder. */
export const browse = (profile) => chromium.launchPersistentContext(profile, { executablePath: PROGRAM, args: ARGUMENTS });

/** What a test says that needs to know the processes of a browser. */
export const noProc = !existsSync("/proc/self/cmdline") && "there is no /proc";

/** The process that writes the localStorage of a browser with this profile. */
export function storageProcess(profile) {
  const isIt = (line) => line.includes("storage.mojom.StorageService") && line.includes(profile);
  return readdirSync("/proc").map(Number).find((pid) => pid && isIt(commandOf(pid)));
}

function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

/** A page, and a worker, that have the library as `eventGrpc`. */
export async function pages() {
  const contents = 'import { open } from "event-grpc"; import * as events from "event-grpc/events"; self.eventGrpc = { open, events };';
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname ?? "test/browser" },
    bundle: true,
    minify: true,
    format: "iife",
    write: false,
    conditions: ["browser"],
  });
  const page = '<!doctype html><title>Shop</title><link rel="icon" href="data:,"><script src="/library.js"></script>';
  const worker = `importScripts("/library.js");
    self.onmessage = async ({ data }) => {
      const client = eventGrpc.open(data);
      client.track(eventGrpc.events.launchEvent());
      postMessage({ settled: await client.flush(), counters: client.counters(), databases: await indexedDB.databases() });
    };`;
  return { "/": page, "/other": page, "/library.js": outputFiles[0].text, "/worker.js": worker };
}

/** Opens a client in a page. */
export const open = (page, options) =>
  page.evaluate((options) => {
    self.gaveUp = [];
    self.client = eventGrpc.open({ ...options, onGivenUp: (event) => gaveUp.push(event) });
  }, options);

/** Takes events in a page; returns their ids. */
export const track = (page, count, text = "") =>
  page.evaluate(
    ([count, text]) =>
      Array.from({ length: count }, (_, i) => client.track(eventGrpc.events.addToCartEvent({ productId: i + 1, cartId: text })).id),
    [count, text],
  );

export const flush = (page, timeoutMs = 10_000) => page.evaluate((timeoutMs) => client.flush(timeoutMs), timeoutMs);

export const counters = (page) => page.evaluate(() => client.counters());

/** How many events are in the page's database of this endpoint. */
export const stored = (page, endpoint) =>
  page.evaluate(
    (name) =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onerror = reject;
        request.onupgradeneeded = () => request.transaction.abort();
        request.onsuccess = () => {
          const all = request.result.transaction("events").objectStore("events").count();
          all.onsuccess = () => (request.result.close(), resolve(all.result));
        };
      }).catch(() => 0),
    `event-grpc ${endpoint}`,
  );
