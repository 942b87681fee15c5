// Fields as JSON.

import assert from "node:assert/strict";
import { test } from "node:test";
import { base64, bytes, float, floatText, int64, list, map, message, set, without } from "../dist/encode.js";
import { addToCartEvent, launchEvent, widgetViewEvent } from "event-grpc/events";

test("64-bit integers are text, however they are given", () => {
  const fields = { productId: 42, variantId: 9007199254740993n, streamId: "9223372036854775807" };
  assert.deepEqual(addToCartEvent(fields), {
    addToCartEvent: { productId: "42", variantId: "9007199254740993", streamId: "9223372036854775807" },
  });
});

test("defaults are left out", () => {
  const fields = { productId: 0, variantId: 0n, streamId: "0", quantity: 0, isLive: false, cartId: "" };
  assert.equal(JSON.stringify(addToCartEvent(fields)), '{"addToCartEvent":{}}');
  assert.equal(JSON.stringify(launchEvent()), '{"launchEvent":{}}');
  assert.equal(JSON.stringify(message({ ids: [], names: {} }, { ids: list(String), names: map(set) })), "{}");
  assert.equal(JSON.stringify(message({ kind: "NONE" }, { kind: without("NONE") })), "{}");
});

test("a field that says whether it is set keeps its default, and so does what is in lists and maps", () => {
  const fields = { given: 0, ids: [0, 1n], counts: { a: 0 }, wide: 0 };
  const encoders = { given: set, ids: list(String), counts: map(set), wide: String };
  assert.equal(JSON.stringify(message(fields, encoders)), '{"given":0,"ids":["0","1"],"counts":{"a":0},"wide":"0"}');
});

test("what JSON has no numbers for is text", () => {
  assert.deepEqual([NaN, Infinity, -Infinity, 1.5].map(floatText), ["NaN", "Infinity", "-Infinity", 1.5]);
  assert.equal(float(0), undefined);
  assert.equal(int64(0), undefined);
});

test("bytes are base64", () => {
  assert.equal(base64(new Uint8Array([0, 255, 128])), "AP+A");
  assert.equal(bytes(new Uint8Array()), undefined);
});

test("a message within another is written like one", () => {
  const event = widgetViewEvent({ pageSlot: 3, recoInfo: { model: "m", recoInfoKV: { a: "" } }, recoInfoKV: {} });
  assert.equal(
    JSON.stringify(event),
    '{"widgetViewEvent":{"pageSlot":"3","recoInfo":{"model":"m","recoInfoKV":{"a":""}}}}',
  );
});
