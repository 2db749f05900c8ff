import { expect, test } from "vitest";
import { Admission } from "./admission.ts";
import { limits } from "./limits.ts";

/** Whether those who came now wait. */
const waits = (admission: Admission, bytes: number): boolean => admission.enter(bytes) !== undefined;

test(`${limits.flows} flows are let in, the next one waits until one has left`, async () => {
  const admission = new Admission(limits.flows, 0);
  for (let inside = 0; inside < limits.flows; inside++) expect(waits(admission, 0)).toBe(false);
  const next = admission.enter(0);
  expect(next).toBeInstanceOf(Promise);
  admission.leave(0);
  await next;
});

test(`${limits.underWayBytes} bytes are let in, and one more waits`, async () => {
  const half = limits.underWayBytes / 2;
  const admission = new Admission(limits.calls, limits.underWayBytes);
  expect(waits(admission, half)).toBe(false);
  expect(waits(admission, half)).toBe(false);
  expect(admission.bytes).toBe(limits.underWayBytes);
  const more = admission.enter(1);
  expect(more).toBeInstanceOf(Promise);
  admission.leave(half);
  await more;
  expect(admission.bytes).toBe(half + 1);
});

test("who gives up waiting lets those behind go on", async () => {
  const admission = new Admission(2, 10);
  expect(waits(admission, 5)).toBe(false);
  const controller = new AbortController();
  const large = admission.enter(6, controller.signal);
  const small = admission.enter(5);
  controller.abort(new Error("given up"));
  await expect(large).rejects.toThrow("given up");
  await small;
});
