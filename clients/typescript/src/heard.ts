// What Node.js makes of an answer before the core sees it: whether it counts as a failure, and what it may ask for.

import { objectIn } from "./answer.js";
import type { Answer } from "./platform.js";

/** Whether an answer is the server's own and says that it took the events, or most of them. */
const isSuccess = ({ status, text }: Answer) => status === 200 && objectIn(text).status === "SUCCESS";

/** Why a request failed, in a few words; empty if it didn't. */
export function failureOf(answer: Answer, error: string): string {
  const { status } = answer;
  if (!status) return `no answer: ${error || "the connection was cut"}`;
  if (isSuccess(answer) || (status >= 400 && status < 500 && status !== 408 && status !== 429)) return "";
  return `status ${status}${status < 400 ? ", but not the server's answer" : ""}`;
}

/** The seconds of a Retry-After. What isn't the server's answer asks for nothing, and a date is by the server's clock. */
export function retryAfter(answer: Answer, date = ""): string {
  const text = answer.retryAfter?.trim() ?? "";
  if (answer.status < 400 && !isSuccess(answer)) return "";
  if (/^\d+$/.test(text)) return text;
  const until = HTTP_DATE.test(text) ? Date.parse(text) : NaN;
  const now = HTTP_DATE.test(date) ? Date.parse(date) : Date.now();
  return until > now ? String((until - now) / 1000) : "";
}

const HTTP_DATE = /^\w{3,9}, \d\d[ -]\w{3}[ -]\d{2,4} \d\d:\d\d:\d\d GMT$/;
