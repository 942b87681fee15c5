// Pages against a real server, at EVENT_GRPC_ENDPOINT. It has to let any page send: EVENT_GRPC_CORS_APP="*".

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { accept, serve, until } from "../server.mjs";
import { browse, counters, flush, open, pages, skip, stored, track } from "./chromium.mjs";

const endpoint = process.env.EVENT_GRPC_ENDPOINT;

test("two tabs, a reload, and a page that goes", { skip: skip || (!endpoint && "EVENT_GRPC_ENDPOINT isn't set") }, async () => {
  const profile = mkdtempSync(join(tmpdir(), "event-grpc-"));
  const site = await serve(accept, await pages());
  const context = await browse(profile);
  const [one, two] = [await context.newPage(), await context.newPage()];
  for (const page of [one, two]) {
    await page.goto(site.url);
    await open(page, { endpoint, key: process.env.EVENT_GRPC_KEY, header: { channel: "browser-test" } });
  }
  await Promise.all([track(one, 400), track(two, 400)]);
  assert.deepEqual(await Promise.all([flush(one), flush(two)]), [true, true]);
  for (const page of [one, two]) assert.equal((await counters(page)).accepted, 400);

  await track(one, 5, "goes");
  await until(async () => (await stored(one, endpoint)) === 5);
  await one.reload();
  await open(one, { endpoint, key: process.env.EVENT_GRPC_KEY });
  await track(one, 1, "after");
  assert.equal(await flush(one), true);
  const { accepted, givenUp } = await counters(one);
  assert.ok(accepted >= 1);
  assert.deepEqual(Object.values(givenUp), [0, 0, 0, 0, 0, 0]);
  assert.equal(await stored(one, endpoint), 0);
  await context.close();
  await site.close();
  rmSync(profile, { recursive: true, force: true });
});
