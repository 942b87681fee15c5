// What scenarios can't show of Node.js: keys, damage of single bytes, threads, and answers without end.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { open } from "event-grpc";
import { launchEvent } from "event-grpc/events";

const folder = () => mkdtempSync(join(tmpdir(), "event-grpc-attack-"));
const NOWHERE = "http://127.0.0.1:1";

test("what is wrong with an option is said, and without the key", () => {
  for (const key of ["secret\n", "sec ret", "sécret"]) {
    assert.throws(() => open({ endpoint: NOWHERE, key }), (error) => /key: /.test(error.message) && !error.message.includes(key));
  }
  for (const endpoint of ["localhost:8019", "http://10.0.0.1", "https://a:secret@b", "https://a?b", undefined, ""]) {
    assert.throws(() => open({ endpoint }), (error) => /endpoint: /.test(error.message) && !error.message.includes("secret"));
  }
});

test("a byte that is changed damages its own event, and is never sent as something else", async () => {
  const storage = folder();
  const file = join(storage, "queue.jsonl");
  const client = open({ endpoint: NOWHERE, storage, batchWaitMs: 600_000 });
  const ids = [1, 2, 3].map((n) => client.track(launchEvent({ dynamicLink: `link-${n}` })).id);
  await client.close(0);
  const whole = readFileSync(file);
  for (let at = 0; at < whole.length; at += 7) {
    const changed = Buffer.from(whole);
    changed[at] ^= 1;
    writeFileSync(file, changed);
    const next = open({ endpoint: NOWHERE, storage, batchWaitMs: 600_000 });
    await next.close(0);
    const { taken } = next.counters();
    assert.ok(taken >= 1, `${taken} of 3 are left with byte ${at} changed`);
    const kept = readFileSync(file, "utf8");
    for (const line of kept.split("\n").filter(Boolean)) {
      assert.ok(whole.includes(JSON.parse(line.slice(9)).body.replaceAll('"', '\\"')), line);
    }
  }
  writeFileSync(file, whole);
  const last = open({ endpoint: NOWHERE, storage });
  await last.close(0);
  assert.equal(last.counters().taken, ids.length);
});

test("a queue of a version that wrote no checksums is read", async () => {
  const storage = folder();
  const one = { key: "k", at: Date.now(), id: "i", type: "launchEvent", header: "{}", body: '{"id":"i","launchEvent":{}}' };
  writeFileSync(join(storage, "queue.jsonl"), `\n${JSON.stringify(one)}\n${JSON.stringify({ ...one, key: "l" })}\n["k"]`);
  const client = open({ endpoint: NOWHERE, storage });
  await client.close(0);
  assert.deepEqual([client.counters().taken, client.counters().damaged], [1, 0]);
});

test("another thread of the process can't have the folder", { skip: process.platform !== "linux" }, async () => {
  const storage = folder();
  const client = open({ endpoint: NOWHERE, storage });
  const text = `
    import { parentPort, workerData } from "node:worker_threads";
    const { open } = await import(workerData.library);
    try { open(workerData.options); parentPort.postMessage("opened"); } catch (error) { parentPort.postMessage(error.message); }`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(text)}`), {
    workerData: { library: import.meta.resolve("event-grpc"), options: { endpoint: NOWHERE, storage } },
  });
  const said = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  assert.match(said, /in use by process/);
  await worker.terminate();
  await client.close(0);
});

test("a refusal with a body without end is one, and its key isn't told", async () => {
  const server = createServer((request, response) => {
    response.writeHead(400);
    response.write(`who is ${request.headers.authorization}?`);
    const more = () => response.write("x".repeat(65_536), () => setImmediate(more));
    response.on("error", () => {});
    more();
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const told = [];
  const endpoint = `http://127.0.0.1:${server.address().port}`;
  const client = open({ endpoint, key: "a-secret-key", onGivenUp: (event) => told.push(event) });
  client.track(launchEvent({}));
  assert.equal(await client.flush(20_000), true);
  assert.equal(told[0].reason, "refused");
  assert.match(told[0].message, /^who is Bearer \[key\]\?x+$/);
  await client.close();
  server.closeAllConnections();
  server.close();
});

test("the counters say why nothing is sent", async () => {
  const client = open({ endpoint: NOWHERE });
  client.track(launchEvent({}));
  assert.equal(await client.flush(300), false);
  assert.match(client.counters().lastFailure, /^no answer: .*ECONNREFUSED/);
  await client.close(0);
});
