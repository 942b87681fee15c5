// CRC-32, which not every Node.js that this runs on has in its zlib.

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  return sum;
});

/** The CRC-32 of a text in UTF-8, in 8 hexadecimal digits. */
export function crc32(text: string): string {
  let sum = 0xffffffff;
  for (const byte of Buffer.from(text)) sum = (sum >>> 8) ^ TABLE[(sum ^ byte) & 0xff]!;
  return (~sum >>> 0).toString(16).padStart(8, "0");
}
