// What the core needs from where it runs: a way to send and a place to keep events.

/** An event as it is kept: all of it is text, so that sending it again sends the same. */
export interface Stored {
  /** A UUID version 7 of its own, in the order in which events were taken. */
  key: string;
  /** When it was taken, in milliseconds since the epoch. */
  at: number;
  id: string;
  type: string;
  /** The header, as JSON. */
  header: string;
  /** The event, as JSON. */
  body: string;
}

/** Whether what storage gave is an event: its texts are put into requests as they are, beside those of others. */
export function isStored(one: Stored): unknown {
  try {
    return one.at > 0 && JSON.parse(one.header) && JSON.parse(one.body);
  } catch {
    return undefined;
  }
}

/** An event in the queue. */
export interface Entry extends Stored {
  /** Bytes of the body. */
  size: number;
  /** Bytes that it takes in the queue. */
  weight: number;
  /** From when on it should be sent, by the monotonic clock. */
  due: number;
  /** Whether storage has it; nothing, if it was never given to it. */
  saved?: boolean;
  /** Whether it is accepted or given up. */
  settled?: boolean;
}

/** What storage has of earlier runs. */
export interface Found {
  found: Stored[];
  /** How many records couldn't be read. */
  damaged: number;
}

/** Keeps events beyond the end of the page or the process. */
export interface Store {
  /** Keeps an entry, and marks it as saved once it is; false if that is known to be impossible. */
  add(entry: Entry): boolean | void;
  /** Forgets entries. */
  remove(entries: Entry[]): void;
  /** Gives what earlier runs left, once; not to be called before it is known whether there is consent. */
  adopt(): Promise<Found>;
  /** Ends, after what is under way is written. */
  close(): Promise<void>;
}

/** A request to the server. */
export interface Request {
  body: string;
  /** Whether it has to outlive the page, which makes it a simple request without a preflight. */
  keepalive?: boolean | undefined;
  timeoutMs: number;
}

/** An answer as it came; status 0 if none came, or none that is complete. */
export interface Answer {
  status: number;
  text: string;
  /** The header Retry-After; null or empty, if there is none. */
  retryAfter: string | null;
}

/** Where the core runs. */
export interface Platform {
  /** Sends a request. It never throws. */
  send(request: Request): Promise<Answer>;
  /** Runs a task while no other client of the same queue sends. */
  alone(task: () => Promise<void>): Promise<void>;
  /** None, if events are in memory only. */
  store?: Store | undefined;
}

export const NO_ANSWER: Answer = { status: 0, text: "", retryAfter: "" };

/** The most that is read of an answer, in bytes. */
export const ANSWER_BYTES = 1 << 20;
