// Requests of browsers and workers, by fetch.

import { ANSWER_BYTES, NO_ANSWER, type Answer, type Request } from "./platform.js";

/** What sends requests to this address with this key. */
export const fetching =
  (url: string, key: string | undefined) =>
  async ({ body, keepalive, timeoutMs }: Request): Promise<Answer> => {
    // A request that outlives the page can't wait for a preflight, and so has no header of its own: the key is in the query.
    const query = key && keepalive ? `?key=${encodeURIComponent(key)}` : "";
    try {
      const response = await fetch(url + query, {
        method: "POST",
        body,
        headers: {
          "content-type": keepalive ? "text/plain" : "application/json",
          ...(key && !keepalive && { authorization: `Bearer ${key}` }),
        },
        keepalive,
        redirect: "manual",
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { status: response.status, text: await read(response), retryAfter: response.headers.get("retry-after") };
    } catch {
      return NO_ANSWER;
    }
  };

/** The text of an answer. Throws if it is longer than anything that the server answers. */
async function read(response: Response): Promise<string> {
  const reader = response.body!.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for (let part; !(part = await reader.read()).done; chunks.push(part.value)) {
    bytes += part.value.length;
    // The rest isn't read, and the request's time ends it.
    if (bytes > ANSWER_BYTES) throw bytes;
  }
  return new Blob(chunks).text();
}
