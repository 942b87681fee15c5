// What is in an answer.

/** What the server may say in an answer. It came over the network: nothing in it has to be what it should. */
export interface Said {
  status?: unknown;
  message?: string;
  rejected?: Rejected[];
}

/** An event that was not accepted. */
export interface Rejected {
  index?: number;
  code?: string;
  reason?: string;
  retryable?: boolean;
}

/** The object in a text; an empty one if there is none. */
export function objectIn(text: string): Said {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

/** Milliseconds that a Retry-After asks for: seconds or a date, an hour at most, 0 if it makes no sense. */
export function asked(retryAfter: string | null): number {
  const seconds = +retryAfter!;
  const ms = seconds > 0 ? seconds * 1000 : Date.parse(retryAfter!) - Date.now();
  return ms > 0 ? Math.min(ms, 3_600_000) : 0;
}
