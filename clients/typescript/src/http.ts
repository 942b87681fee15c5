// Requests of Node.js, by its http and https modules. Their sockets don't keep the process from ending, as fetch's would.

import * as http from "node:http";
import * as https from "node:https";
import { retryAfter } from "./heard.js";
import { ANSWER_BYTES, NO_ANSWER, type Answer, type Request } from "./platform.js";

/** What sends requests to this address with this key, and what ends its connection. `failed` is told why no answer came. */
export function requesting(address: string, key: string | undefined, failed: (why: string) => void) {
  const url = new URL(address);
  const module = url.protocol === "https:" ? https : http;
  const agent = new module.Agent({ keepAlive: true, maxSockets: 1 });

  const send = ({ body, timeoutMs }: Request): Promise<Answer> =>
    new Promise<Answer>((resolve) => {
      const headers = {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        ...(key && { authorization: `Bearer ${key}` }),
      };
      const none = (error?: Error) => {
        if (error) failed(error.message);
        resolve(NO_ANSWER);
      };
      const request = module.request(url, { method: "POST", agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        // What is longer than any answer of the server is judged by its status and its beginning.
        const read = () => resolve(answerOf(response, Buffer.concat(chunks).toString()));
        response.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes <= ANSWER_BYTES) return;
          read();
          request.destroy();
        });
        response.on("end", read);
        response.on("error", none);
      });
      const limit = setTimeout(
        () => request.destroy(new Error(`no complete answer within ${timeoutMs} ms`)),
        Math.min(timeoutMs, 0x7fffffff),
      ).unref();
      request.on("socket", (socket) => socket.unref());
      request.on("error", none);
      request.on("close", () => {
        clearTimeout(limit);
        none();
      });
      request.end(body);
    });

  return { send, end: () => agent.destroy() };
}

function answerOf({ statusCode = 0, headers }: http.IncomingMessage, text: string): Answer {
  const answer = { status: statusCode, text, retryAfter: headers["retry-after"] ?? "" };
  return { ...answer, retryAfter: retryAfter(answer, headers.date) };
}
