// The budget of a page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** Bytes of a module, bundled for browsers, minified and compressed. */
export async function size(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname ?? "test" },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    conditions: ["browser"],
  });
  return { gzip: gzipSync(outputFiles[0].contents, { level: 9 }).length, text: outputFiles[0].text };
}

test("the core has 4 KiB at most", async () => {
  const { gzip } = await size('export { open } from "event-grpc";');
  assert.ok(gzip <= 4096, `the core has ${gzip} bytes, 4096 are allowed`);
});

test("an event that isn't used costs nothing, and one that is a few bytes", async () => {
  const core = await size('export { open } from "event-grpc";');
  const one = await size('export { open } from "event-grpc"; export { addToCartEvent } from "event-grpc/events";');
  assert.ok(one.gzip - core.gzip < 128, `${one.gzip - core.gzip} bytes`);
  assert.doesNotMatch(one.text, /launchEvent|recoInfo/);
  const none = await size('import "event-grpc"; import "event-grpc/events";');
  assert.equal(none.text.trim(), "");
});
