// UUIDs of version 7: their order is that in which they were made.

// Milliseconds, each divided by 1,024. When a millisecond is used up, the next one is borrowed.
let last = 0;

/** A new id, later than all that this module made before. */
export function uuid(): string {
  last = Math.max(last + 1, Date.now() * 1024);
  const [one, two] = crypto.getRandomValues(new Uint32Array(2));
  const time = hex(Math.floor(last / 1024), 12) + hex(0x7000 + (last % 1024), 4);
  const digits = time + hex(0x80000000 + (one! >>> 2), 8) + hex(two!, 8);
  return digits.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
