import { type Arbitrary, array, assert, constantFrom, property } from "fast-check";
import { expect, test } from "vitest";
import { ipv4, ipv4Bytes, ipv6, ipv6Bytes } from "./inet.ts";

test.each([
  ["::", 0, 0],
  ["::1", 0, 1],
  ["2001:db8::1", 0x20, 1],
  ["::ffff:192.0.2.1", 0, 1],
  ["1:2:3:4:5:6:7:8", 0, 8],
])("%s", (text, first, last) => {
  const bytes = ipv6Bytes(text);
  expect([bytes.length, bytes[0], bytes[15]]).toEqual([16, first, last]);
  expect(ipv6(bytes, 0)).toBe(text);
});

test("bytes to text and back", () => {
  const bytes = (length: number): Arbitrary<Uint8Array> =>
    array(constantFrom(0, 0, 0, 1, 255, 171), { minLength: length, maxLength: length }).map((values) =>
      Uint8Array.from(values),
    );
  const roundTrip = (length: number, there: (bytes: Uint8Array, at: number) => string, back: typeof ipv4Bytes): void =>
    assert(
      property(bytes(length), (address) => {
        expect([...back(there(address, 0))]).toEqual([...address]);
      }),
    );
  roundTrip(16, ipv6, ipv6Bytes);
  roundTrip(4, ipv4, ipv4Bytes);
});
