// Fields as proto3 JSON: what the generated functions are made of. Defaults are left out, 64-bit integers are text.

/** A 64-bit integer. Beyond 2^53 a number isn't exact: use a bigint or text. */
export type Int64 = number | bigint | string;

/** How a field is written; undefined leaves it out. A field that isn't named is written as it is. */
export type Encoders = { readonly [name: string]: (value: never) => unknown };

/** A message by its fields. */
export function message(fields: object, encoders: Encoders = {}): object {
  const json: { [name: string]: unknown } = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== null) json[name] = (encoders[name] ?? plain)(value as never);
  }
  return json;
}

/** Text, a bool, a 32-bit integer, or a list of them. */
const plain = (value: string | boolean | number | readonly unknown[]) =>
  value && (value as { length?: number }).length !== 0 ? value : undefined;

export const int64 = (value: Int64) => (value == 0 ? undefined : String(value));

/** A float or a double: JSON has no numbers for NaN and the infinities. */
export const float = (value: number) => (value === 0 ? undefined : floatText(value));

export const floatText = (value: number) => (Number.isFinite(value) ? value : String(value));

export const bytes = (value: Uint8Array) => (value.length ? base64(value) : undefined);

export const base64 = (value: Uint8Array) => btoa(Array.from(value, (byte) => String.fromCharCode(byte)).join(""));

/** A field that says whether it is set: its default is sent, too. */
export const set = <T>(value: T) => value;

/** A list whose elements are written by `each`. */
export const list =
  <T>(each: (value: T) => unknown) =>
  (values: readonly T[]) =>
    values.length ? values.map((value) => each(value)) : undefined;

/** A map whose values are written by `each`. */
export const map =
  <T>(each: (value: T) => unknown) =>
  (values: { readonly [key: string]: T }) => {
    const entries = Object.entries(values);
    return entries.length ? Object.fromEntries(entries.map(([key, value]) => [key, each(value)])) : undefined;
  };

/** An enum whose default is left out. */
export const without = (zero: string) => (value: string) => (value === zero ? undefined : value);
