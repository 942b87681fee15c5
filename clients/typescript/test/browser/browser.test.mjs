// Pages that come and go: what was taken is sent, and nothing else is.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { accept, serve, until } from "../server.mjs";
import { browse, counters, flush, noProc, open, pages, skip, storageProcess, stored, track } from "./chromium.mjs";

const profile = mkdtempSync(join(tmpdir(), "event-grpc-"));
let context, site, server, page;

before(async () => {
  if (skip) return;
  site = await serve(accept, await pages());
  context = await browse(profile);
});
after(async () => {
  await context?.close();
  await site?.close();
  rmSync(profile, { recursive: true, force: true });
});
beforeEach(async () => {
  if (skip) return;
  server = await serve();
  page = await visit();
});
afterEach(async () => {
  for (const page of context?.pages() ?? []) await page.close();
  await server?.close();
});

async function visit(path = "/") {
  const page = await context.newPage();
  await page.goto(site.url + path);
  return page;
}

/** Lets a page take events as it goes, before a client that is opened afterwards hears of that; their ids. */
async function takeAsItGoes(page, count) {
  const ids = Array.from({ length: count }, () => randomUUID());
  await page.evaluate((ids) => {
    const take = (id) => client.track(eventGrpc.events.addToCartEvent({ productId: 1 }), { id });
    addEventListener("pagehide", () => ids.forEach(take));
  }, ids);
  return ids;
}

const isStored = (count, of = page) => until(async () => (await stored(of, server.url)) === count, `${count} in IndexedDB`);
const unique = (ids) => [...new Set(ids)].sort();

test("events are sent with their key, settled and forgotten", { skip }, async () => {
  await open(page, { endpoint: server.url, key: "public", header: { userId: 7 } });
  const ids = await track(page, 120);
  assert.equal(await flush(page), true);
  assert.deepEqual(server.ids(), ids);
  assert.deepEqual(server.requests.map((request) => request.events.length), [50, 50, 20]);
  assert.deepEqual([server.requests[0].headers.authorization, server.requests[0].header], ["Bearer public", { userId: "7" }]);
  const { taken, accepted, queued } = await counters(page);
  assert.deepEqual([taken, accepted, queued], [120, 120, 0]);
  await isStored(0);
});

test("the counters say which status the last request failed with, until one doesn't fail", { skip }, async () => {
  const said = async () => (await counters(page)).lastFailure;
  await open(page, { endpoint: server.url, backoffBaseMs: 1, backoffMaxMs: 1 });
  assert.equal(await said(), "");
  for (const [answer, expected] of [
    [{ status: 503 }, "status 503"],
    ["cut", "status 0"],
    [{ status: 200, body: "<p>Welcome</p>" }, "status 200"],
  ]) {
    server.answer = () => answer;
    await track(page, 1);
    assert.equal(await flush(page, 200), false);
    await until(async () => (await said()) === expected, expected);
  }
  server.answer = accept;
  assert.equal(await flush(page), true);
  assert.equal(await said(), "");
});

test("a reload loses nothing", { skip }, async () => {
  server.answer = () => ({ status: 503 });
  await open(page, { endpoint: server.url });
  const ids = await track(page, 3);
  await isStored(3);
  await page.reload();
  server.answer = accept;
  server.requests.length = 0;
  await open(page, { endpoint: server.url });
  assert.equal(await flush(page), true);
  assert.deepEqual(server.ids(), ids);
  const { taken, accepted } = await counters(page);
  assert.deepEqual([taken, accepted], [3, 3]);
});

test("what was on its way when the page went is sent at the next visit, with the same ids", { skip }, async () => {
  server.answer = () => "hang";
  await open(page, { endpoint: server.url });
  const ids = await track(page, 3);
  await isStored(3);
  void flush(page).catch(() => {});
  await until(() => server.requests.length === 1);
  await page.close();
  server.answer = accept;
  page = await visit();
  await open(page, { endpoint: server.url });
  assert.equal(await flush(page), true);
  assert.deepEqual(server.requests.at(-1).events.map((event) => event.id), ids);
  assert.deepEqual(unique(server.ids()), ids);
  await isStored(0);
});

test("two tabs send one at a time, and each settles what it took", { skip }, async () => {
  server.answer = (request) => ({ ...accept(request), delayMs: 20 });
  const other = await visit("/other");
  await Promise.all([open(page, { endpoint: server.url }), open(other, { endpoint: server.url })]);
  const ids = (await Promise.all([track(page, 300), track(other, 300)])).flat();
  assert.deepEqual(await Promise.all([flush(page), flush(other)]), [true, true]);
  assert.deepEqual(server.ids().sort(), ids.sort());
  assert.equal(server.most, 1);
  assert.deepEqual([(await counters(page)).accepted, (await counters(other)).accepted], [300, 300]);
});

test("a tab takes over what another left, but not what another has", { skip }, async () => {
  server.answer = () => ({ status: 503, headers: { "retry-after": "2" } });
  const [other, third] = [await visit("/other"), await visit("/other")];
  for (const tab of [page, other, third]) await open(tab, { endpoint: server.url });
  const ids = [...(await track(other, 2)), ...(await track(third, 1))];
  await isStored(3);
  await other.close();
  server.answer = accept;
  server.requests.length = 0;
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange", { bubbles: true })));
  // Which of the two looks first is the browser's choice: it shows one of them in place of the tab that was closed.
  const taken = async () => (await counters(page)).taken + (await counters(third)).taken;
  await until(async () => (await taken()) === 3);
  for (const tab of [page, third]) assert.equal(await flush(tab), true);
  // What the closed tab sent as it went may have come as well, with the same ids.
  assert.deepEqual(unique(server.ids()), unique(ids));
  assert.equal(await taken(), 3);
});

test("a crash of the browser loses nothing", { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "event-grpc-"));
  const crashing = await browse(folder);
  page = await crashing.newPage();
  await page.goto(site.url);
  await open(page, { endpoint: server.url, batchWaitMs: 600_000 });
  const ids = await track(page, 5);
  await isStored(5);
  const session = await crashing.newCDPSession(page);
  await session.send("Browser.crash").catch(() => {});
  await crashing.close().catch(() => {});
  assert.deepEqual(server.ids(), []);
  const again = await browse(folder);
  page = await again.newPage();
  await page.goto(site.url);
  await open(page, { endpoint: server.url });
  assert.equal(await flush(page), true);
  assert.deepEqual(server.ids(), ids);
  await again.close();
  rmSync(folder, { recursive: true, force: true });
});

test("offline nothing is sent, and back online all is", { skip }, async () => {
  await open(page, { endpoint: server.url, batchWaitMs: 600_000 });
  await context.setOffline(true);
  const ids = await track(page, 2);
  assert.equal(await flush(page), false);
  assert.equal((await counters(page)).requests, 0);
  await context.setOffline(false);
  await until(() => server.ids().length === 2);
  assert.deepEqual(server.ids(), ids);
});

test("a page that goes sends what fits, and the next visit the rest", { skip }, async () => {
  await open(page, { endpoint: server.url, key: "a public key", batchWaitMs: 600_000 });
  const ids = await track(page, 40, "x".repeat(3000));
  await isStored(40);
  await page.goto(`${site.url}/other`);
  await until(() => server.requests.length === 2);
  for (const { body, key, headers } of server.requests) {
    assert.ok(body.length <= 30_000, `${body.length} bytes`);
    assert.deepEqual([key, headers["content-type"], headers.authorization], ["a public key", "text/plain", undefined]);
  }
  const before = server.ids().length;
  assert.ok(before > 10 && before < 20, `${before} events`);
  await open(page, { endpoint: server.url });
  assert.equal(await flush(page), true);
  assert.deepEqual(unique(server.ids()), [...ids].sort());
});

test("what was taken as the page went is there at the next visit, if what the page sends gets lost", { skip }, async () => {
  server.answer = () => "cut";
  const ids = [];
  for (const leave of [() => page.reload(), () => page.close()]) {
    ids.push(...(await takeAsItGoes(page, 200)));
    await open(page, { endpoint: server.url });
    await leave();
  }
  server.answer = accept;
  server.requests.length = 0;
  page = await visit();
  await open(page, { endpoint: server.url });
  assert.equal(await flush(page), true);
  assert.deepEqual(unique(server.ids()), [...ids].sort());
  await isStored(0);
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
});

test("a browser that is busy as the page goes gets all of what was taken", { skip: skip || noProc }, async () => {
  server.answer = () => "cut";
  const ids = await takeAsItGoes(page, 300);
  await open(page, { endpoint: server.url });
  // What was never read a page would wait for.
  await page.evaluate(() => localStorage.length);
  const busy = storageProcess(profile);
  process.kill(busy, "SIGSTOP");
  try {
    await page.close();
    await sleep(1_000);
  } finally {
    process.kill(busy, "SIGCONT");
  }
  server.answer = accept;
  server.requests.length = 0;
  page = await visit();
  await open(page, { endpoint: server.url });
  assert.equal(await flush(page), true);
  assert.deepEqual(unique(server.ids()), [...ids].sort());
});

test("a tab that is hidden sends at once, and settles by the answer", { skip }, async () => {
  await open(page, { endpoint: server.url, batchWaitMs: 600_000 });
  const ids = await track(page, 3);
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    dispatchEvent(new Event("pagehide"));
  });
  await until(async () => (await counters(page)).accepted === 3);
  assert.deepEqual(server.ids(), ids);
  await isStored(0);
});

test("a tab that comes back has its events once", { skip }, async () => {
  server.answer = () => ({ status: 503 });
  await open(page, { endpoint: server.url });
  await isStored(0);
  // It goes before anything of them is written, and is shown again.
  await page.evaluate(() => {
    for (let n = 0; n < 3; n++) client.track(eventGrpc.events.addToCartEvent({ productId: n }));
    dispatchEvent(new Event("pagehide"));
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  });
  await isStored(3);
  await sleep(500);
  assert.equal((await counters(page)).taken, 3);
  server.answer = accept;
  assert.equal(await flush(page), true);
  await isStored(0);
});

test("storage that is full costs nothing while the page is there", { skip }, async () => {
  const session = await context.newCDPSession(page);
  await session.send("Storage.overrideQuotaForOrigin", { origin: site.url, quotaSize: 1 });
  server.answer = () => ({ status: 503 });
  await open(page, { endpoint: server.url });
  const ids = await track(page, 200, "x".repeat(10_000));
  assert.equal(ids.length, 200);
  server.answer = accept;
  server.requests.length = 0;
  assert.equal(await flush(page), true);
  assert.deepEqual(unique(server.ids()), [...ids].sort());
  await session.send("Storage.overrideQuotaForOrigin", { origin: site.url });
  const later = await track(page, 1);
  await isStored(1);
  assert.equal(await flush(page), true);
  assert.equal(server.ids().at(-1), later[0]);
});

test("without consent nothing is stored and nothing sent", { skip }, async () => {
  const names = () => page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
  await open(page, { endpoint: server.url, consent: "pending" });
  const ids = await track(page, 2);
  assert.equal(await flush(page, 200), false);
  assert.ok(!(await names()).includes(`event-grpc ${server.url}`));
  await page.evaluate(() => client.setConsent("granted"));
  assert.equal(await flush(page), true);
  assert.deepEqual(server.ids(), ids);
  server.answer = () => ({ status: 503 });
  await track(page, 2);
  await isStored(2);
  await page.evaluate(() => client.setConsent("denied"));
  await isStored(0);
  const { givenUp, queued } = await counters(page);
  assert.deepEqual([givenUp.consent, queued], [2, 0]);
});

test("what isn't an event in storage is counted and taken out", { skip }, async () => {
  await open(page, { endpoint: server.url, batchWaitMs: 600_000 });
  const ids = await track(page, 1);
  await isStored(1);
  await page.evaluate(
    (name) =>
      new Promise((done) => {
        indexedDB.open(name).onsuccess = ({ target: { result } }) => {
          const transaction = result.transaction("events", "readwrite");
          transaction.objectStore("events").put({ key: "0", at: 1, header: "{}", body: "{half" });
          transaction.objectStore("events").put({ key: "1" });
          transaction.oncomplete = () => (result.close(), done());
        };
      }),
    `event-grpc ${server.url}`,
  );
  server.answer = () => "cut";
  await page.reload();
  server.answer = accept;
  server.requests.length = 0;
  await open(page, { endpoint: server.url });
  assert.equal(await flush(page), true);
  assert.deepEqual(server.ids(), ids);
  assert.equal((await counters(page)).damaged, 2);
  await isStored(0);
});

test("without Web Locks and without IndexedDB each tab sends what it took", { skip }, async () => {
  await context.addInitScript(() => {
    if (location.pathname !== "/other") return;
    Object.defineProperty(navigator, "locks", { value: undefined });
    if (location.search) Object.defineProperty(self, "indexedDB", { value: undefined });
  });
  for (const path of ["/other", "/other?without"]) {
    const tab = await visit(path);
    await open(tab, { endpoint: server.url });
    const ids = await track(tab, 3);
    assert.equal(await flush(tab), true);
    assert.deepEqual(server.ids().slice(-3), ids);
  }
});

test("a worker sends as a page does", { skip }, async () => {
  const answer = await page.evaluate(
    (endpoint) =>
      new Promise((done) => {
        const worker = new Worker("/worker.js");
        worker.onmessage = ({ data }) => done(data);
        worker.postMessage({ endpoint });
      }),
    server.url,
  );
  assert.deepEqual([answer.settled, answer.counters.accepted], [true, 1]);
  assert.ok(answer.databases.some(({ name }) => name === `event-grpc ${server.url}`));
});
