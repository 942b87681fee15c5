// The queue in a file.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { open } from "event-grpc";
import { addToCartEvent, launchEvent } from "event-grpc/events";
import { accept, serve } from "./server.mjs";

const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

function folder() {
  const made = mkdtempSync(join(tmpdir(), "event-grpc-"));
  folders.push(made);
  return made;
}

test("a folder belongs to one client, in this process and in others", async () => {
  const storage = folder();
  const options = { endpoint: "http://127.0.0.1:1", storage };
  const client = open(options);
  assert.throws(() => open(options), /in use by process/);
  const text = `import { open } from "event-grpc"; open(${JSON.stringify(options)})`;
  const other = spawnSync(process.execPath, ["--input-type=module", "-e", text], { cwd: import.meta.dirname ?? "." });
  assert.match(String(other.stderr), new RegExp(`in use by process ${process.pid}: `));
  await client.close(10);
  await open(options).close(10);
  assert.deepEqual(readdirSync(storage), ["queue.jsonl"]);
});

test("a lock that was left behind is taken over", async () => {
  const gone = spawnSync(process.execPath, ["-e", ""]).pid;
  // Also one of this process's number from before a restart, and one of a number that another process has now.
  const other = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  const locks = [`${gone} 1`, `${process.pid} 1`, "", "rubbish"];
  if (process.platform === "linux") locks.push(`${other.pid} 1`);
  for (const lock of locks) {
    const storage = folder();
    writeFileSync(join(storage, "lock"), lock);
    await open({ endpoint: "http://127.0.0.1:1", storage }).close(10);
  }
  other.kill();
});

test("the file doesn't grow without end, and is empty when all is sent", async () => {
  const server = await serve();
  const storage = folder();
  const client = open({ endpoint: server.url, storage, maxEvents: 200 });
  const file = join(storage, "queue.jsonl");
  let largest = 0;
  for (let i = 0; i < 10_000; ) {
    if (client.track(addToCartEvent({ productId: i, cartId: "x".repeat(1000) })).taken) i++;
    else await new Promise((later) => setTimeout(later, 1));
    if (i % 500 === 0) largest = Math.max(largest, statSync(file).size);
  }
  assert.equal(await client.flush(), true);
  assert.ok(largest < 6 << 20, `${largest} bytes`);
  assert.equal(statSync(file).size, 0);
  assert.equal(new Set(server.ids()).size, 10_000);
  await client.close();
  await server.close();
});

test("what storage can't take is refused, and nothing else is touched", { skip: process.platform === "win32" }, async () => {
  const server = await serve();
  const storage = folder();
  const text = `
    import { open } from "event-grpc";
    import { launchEvent } from "event-grpc/events";
    process.on("SIGXFSZ", () => {});
    const client = open({ endpoint: "${server.url}", storage: "${storage}", batchWaitMs: 600000 });
    let taken = 0, last;
    while ((last = client.track(launchEvent({ dynamicLink: "x".repeat(100) }))).taken) taken++;
    console.log(JSON.stringify({ taken, last, settled: await client.close(), counters: client.counters() }));`;
  const limited = spawn("sh", ["-c", 'ulimit -f 4; exec "$0" --input-type=module -e "$1"', process.execPath, text], { cwd: import.meta.dirname ?? "." });
  let output = "";
  limited.stdout.on("data", (chunk) => (output += chunk));
  limited.stderr.pipe(process.stderr);
  await new Promise((ended) => limited.on("exit", ended));
  const { taken, last, settled, counters } = JSON.parse(output);
  assert.deepEqual(last, { taken: false, reason: "storage" });
  assert.ok(taken > 3, `${taken} taken`);
  assert.deepEqual([settled, counters.accepted, server.ids().length], [true, taken, taken]);
  await server.close();
});

test("consent that is denied empties the file; one that is pending leaves it as it is", async () => {
  const storage = folder();
  const options = { endpoint: "http://127.0.0.1:1", storage };
  const first = open(options);
  first.track(launchEvent());
  await first.close(10);
  const second = open({ ...options, consent: "pending" });
  second.track(launchEvent());
  await second.close(10);
  assert.equal(readFileSync(join(storage, "queue.jsonl"), "utf8").trim().split("\n").length, 1);
  assert.deepEqual([second.counters().queued, second.counters().givenUp.closed], [0, 1]);
  const third = open({ ...options, consent: "denied" });
  await third.close(10);
  assert.equal(third.counters().givenUp.consent, 1);
  assert.equal(readFileSync(join(storage, "queue.jsonl"), "utf8"), "");
});
