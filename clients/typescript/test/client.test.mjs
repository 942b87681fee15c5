// What scenarios can't show of the client in Node.js.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { inspect } from "node:util";
import { open } from "event-grpc";
import { addToCartEvent, launchEvent } from "event-grpc/events";
import { uuid } from "../dist/id.js";
import { accept, serve, until } from "./server.mjs";

test("ids are of version 7 and in the order in which they were made", () => {
  const ids = Array.from({ length: 5000 }, uuid);
  assert.deepEqual([...ids].sort(), ids);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.ok(Math.abs(parseInt(ids[0].replace("-", "").slice(0, 12), 16) - Date.now()) < 1000);
});

test("an endpoint without TLS is for loopback only", () => {
  for (const endpoint of ["http://events.example.com", "http://localhost.example.com", "ftp://localhost", "/here", "http://localhost@evil.test"]) {
    assert.throws(() => open({ endpoint, key: "secret" }), (error) => /endpoint/.test(error) && !/secret/.test(error));
  }
  for (const endpoint of ["https://events.example.com/", "http://localhost:8019", "http://127.0.0.1", "http://[::1]:1"]) open({ endpoint });
  open({ endpoint: "http://events.example.com", insecure: true });
});

test("the key is in no text form of a client", () => {
  const client = open({ endpoint: "http://127.0.0.1:1", key: "very-secret" });
  assert.doesNotMatch(inspect(client, { depth: 9, showHidden: true }) + JSON.stringify(client) + client, /very-secret/);
});

test("an event that has no JSON, or no type, is refused", () => {
  const client = open({ endpoint: "http://127.0.0.1:1" });
  const loop = {};
  loop.loop = loop;
  for (const event of [undefined, null, {}, { x: 1n }, { loop }]) {
    assert.deepEqual(client.track(event), { taken: false, reason: "invalid" });
  }
  assert.equal(client.counters().refused.invalid, 5);
});

test("what onGivenUp throws harms nothing", async () => {
  const server = await serve(() => ({ status: 400, body: '{"message":"no"}' }));
  const given = [];
  const onGivenUp = (event) => {
    given.push(event);
    throw new Error("of the application");
  };
  const client = open({ endpoint: server.url, onGivenUp });
  client.track(launchEvent(), { id: "a" });
  client.track(launchEvent(), { id: "b" });
  assert.equal(await client.flush(), true);
  assert.deepEqual(
    given,
    ["a", "b"].map((id) => ({ id, type: "launchEvent", reason: "refused", message: "no", status: 400 })),
  );
  await server.close();
});

test("an answer is read up to 1 MiB", async () => {
  let count = 0;
  const server = await serve((request) => (count++ ? accept(request) : { status: 200, body: `{"status":"SUCCESS","message":"${"x".repeat(2 << 20)}"}` }));
  const client = open({ endpoint: server.url, backoffBaseMs: 1 });
  client.track(launchEvent());
  assert.equal(await client.flush(), true);
  assert.equal(client.counters().retries, 1);
  await server.close();
});

test("flush waits for what is taken while it waits", async () => {
  const server = await serve((request) => ({ ...accept(request), delayMs: 50 }));
  const client = open({ endpoint: server.url });
  client.track(launchEvent());
  const flushed = client.flush();
  await until(() => server.requests.length === 1);
  client.track(launchEvent());
  assert.equal(await flushed, true);
  assert.equal(server.events().length, 2);
  await server.close();
});

test("after 413 the halves have halves of their own, and the rest goes whole again", async () => {
  const sizes = [];
  const server = await serve((request) => {
    sizes.push(request.events.length);
    return request.events.some((event) => event.id === "big") ? { status: 413 } : accept(request);
  });
  const client = open({ endpoint: server.url });
  for (let i = 0; i < 8; i++) client.track(addToCartEvent({ productId: i }), i === 1 ? { id: "big" } : {});
  assert.equal(await client.flush(), true);
  assert.deepEqual(sizes, [8, 4, 2, 1, 1, 2, 4]);
  assert.deepEqual(client.counters().givenUp.too_large, 1);
  await server.close();
});

const program = (text) => {
  const child = spawn(process.execPath, ["--input-type=module", "-e", text], { cwd: import.meta.dirname ?? ".", stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  return new Promise((ended) => child.on("exit", (code) => ended({ code, output })));
};

test("a client keeps no process from ending, but flush does until it is done", async () => {
  const server = await serve(() => "hang");
  const start = `
    import { open } from "event-grpc";
    import { launchEvent } from "event-grpc/events";
    const client = open({ endpoint: "${server.url}", batchWaitMs: 1 });
    client.track(launchEvent());
    await new Promise((later) => setTimeout(later, 100));`;
  const began = Date.now();
  assert.deepEqual(await program(start), { code: 0, output: "" });
  assert.ok(Date.now() - began < 5000);
  assert.equal(server.requests.length, 1);
  server.answer = (request) => ({ ...accept(request), delayMs: 300 });
  assert.deepEqual(await program(`${start} console.log(await client.close());`), { code: 0, output: "true\n" });
  await server.close();
});
