// Tracks events in two tabs of headless Chromium, to which happens what people do: they reload a tab, close it and open it anew,
// and lose the network for a moment. Speaks what `loadgen sender-faults` needs of the drivers' protocol.
//
// The server has to let the pages send: EVENT_GRPC_CORS_APP="*", or their origin with the port that PAGE_PORT says here. SEED is
// that of what happens.

import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { browse, counters, flush, pages, stored } from "./chromium.mjs";

/** Events between two things that happen. */
const PIECE = 500;

/** What is known of pages that are gone, and how often what happened. */
const gone = { given_up: {}, gave_up: [], reloads: 0, closes: 0, offline: 0 };
let context, options, url;
let tabs = [];
let before = Promise.resolve();
let seed = Number(process.env.SEED ?? 1);

const commands = {
  async open({ endpoint, key, header, storage, config = {} }) {
    const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
    options = { endpoint, key, header, ...Object.fromEntries(Object.entries(config).map(([name, value]) => [camel(name), value])) };
    url = await serve(await pages());
    context = await browse(storage);
    // A page may wait long for room in its queue. Whoever gave the command has patience of its own.
    context.setDefaultTimeout(0);
    await context.exposeFunction("tell", (event) => {
      gone.gave_up.push(event);
      gone.given_up[event.reason] = (gone.given_up[event.reason] ?? 0) + 1;
    });
    tabs = [await visit(), await visit()];
    return { ok: true };
  },

  async track_many({ count, event, fields, ids = false }) {
    const answer = { taken: 0, refused: 0, ids: [] };
    while (answer.taken < count) {
      const piece = Math.min(PIECE, count - answer.taken);
      const half = piece >> 1;
      const away = draw(6) ? undefined : await offline(100 + draw(500));
      const parts = [half, piece - half].map((share, tab) => ({ tab, share, then: ["reload", "close"][draw(4)], away }));
      for (const { taken, refused } of await Promise.all(parts.map((part) => live(part, event, fields)))) {
        answer.taken += taken.length;
        answer.refused += refused;
        answer.ids.push(...taken);
      }
      await away?.back;
    }
    return ids ? answer : { ...answer, ids: undefined };
  },

  async flush({ timeout_ms }) {
    for (const end = Date.now() + timeout_ms; Date.now() < end; await sleep(50)) {
      // A tab looks for what others left when it is shown.
      await tabs[0].evaluate(() => document.dispatchEvent(new Event("visibilitychange", { bubbles: true })));
      const settled = await Promise.all(tabs.map((page) => flush(page, end - Date.now())));
      const texts = await tabs[0].evaluate(() => localStorage.length);
      if (settled.every(Boolean) && !texts && (await stored(tabs[0], options.endpoint)) === 0) return { settled: true };
    }
    return { settled: false };
  },

  async counters() {
    const sum = { ...gone };
    for (const page of tabs) add(sum, await counters(page));
    return sum;
  },
};

/**
 * Takes events in a tab, and lets happen what shall happen right after the last one. A page that Chromium closes or replaces by one
 * that says that there is no network hears of it within half a second or never, which may pass on a machine that is busy: what it
 * has in memory ends with it then. So a tab that is closed shows nothing first, and is reloaded when there is a network.
 */
async function live({ tab, share, then, away }, event, fields) {
  const page = tabs[tab];
  const goes = then === "close" ? "about:blank" : then && !away && url;
  const left = goes && page.waitForEvent("framenavigated");
  const { last, ...answer } = await page.evaluate(
    async ({ share, event, fields, goes }) => {
      const answer = { taken: [], refused: 0 };
      while (answer.taken.length < share) {
        const { id, reason } = client.track(eventGrpc.events[event]({ ...fields, productId: answer.taken.length }));
        if (id) {
          answer.taken.push(id);
        } else if (reason === "queue_full") {
          answer.refused++;
          await new Promise((later) => setTimeout(later, 5));
        } else {
          throw new Error(`refused as ${reason}`);
        }
      }
      if (goes) setTimeout(() => location.replace(goes));
      return { ...answer, last: client.counters() };
    },
    { share, event, fields, goes },
  );
  if (then) add(gone, last);
  await left;
  if (left) await page.waitForLoadState();
  if (then === "close") {
    gone.closes++;
    // Chromium now and then forgets to close a tab that has just changed. That one stays, and shows nothing.
    await alone(() => Promise.race([page.close(), sleep(3_000)]));
    await away?.back;
    tabs[tab] = await visit();
  } else if (then === "reload") {
    gone.reloads++;
    if (!left) await away.back.then(() => page.reload());
    await start(page);
  }
  return answer;
}

/** Takes the network away; `back` is done once it is there again. */
async function offline(ms) {
  gone.offline++;
  await context.setOffline(true);
  return { back: sleep(ms).then(() => alone(() => context.setOffline(false))) };
}

/** Closes a page, or tells all pages something, once what was begun before is done: a page that is closing can't be told. */
function alone(task) {
  before = before.then(task);
  return before;
}

async function visit() {
  const page = await context.newPage();
  await page.goto(url);
  await start(page);
  return page;
}

const start = (page) =>
  page.evaluate((options) => {
    self.client = eventGrpc.open({ ...options, onGivenUp: tell });
  }, options);

/** Adds the counters of a page, but for those that `tell` counts. */
function add(sum, { taken, accepted, requests, retries, queued, damaged }) {
  for (const [name, value] of Object.entries({ taken, accepted, requests, retries, queued, damaged })) sum[name] = (sum[name] ?? 0) + value;
}

/** A number from 0 to n - 1. */
function draw(n) {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((seed / 2 ** 32) * n);
}

/** Serves the pages; their address. */
async function serve(pages) {
  const http = createServer(({ url }, answer) => {
    const page = pages[url];
    const type = url.endsWith(".js") ? "text/javascript" : "text/html";
    answer.writeHead(page === undefined ? 404 : 200, { "content-type": type }).end(page);
  });
  await new Promise((listening) => http.listen(Number(process.env.PAGE_PORT ?? 0), "127.0.0.1", listening));
  return `http://127.0.0.1:${http.address().port}/`;
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  let answer;
  try {
    answer = await commands[command.do](command);
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await context?.close();
process.exit();
