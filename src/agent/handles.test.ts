import { expect, test } from "vitest";
import { errnoNumber } from "../linux/errno.ts";
import { limits } from "../wire/limits.ts";
import { Handles } from "./handles.ts";

test(`${limits.handles} files may be open; one more is EMFILE until another one is closed`, () => {
  const handles = new Handles();
  for (let descriptor = 0; descriptor < limits.handles; descriptor++) handles.add(descriptor);
  const more = (): bigint => handles.add(limits.handles);
  expect(more).toThrow(expect.objectContaining({ number: errnoNumber("EMFILE") }));
  handles.remove(1n);
  expect(more()).toBe(BigInt(limits.handles + 1));
});

test("a handle is never used again, and an unknown one is EBADF", () => {
  const handles = new Handles();
  const first = handles.add(7);
  handles.remove(first);
  expect(handles.add(7)).not.toBe(first);
  for (const unknown of [0n, first, 99n])
    expect(() => handles.get(unknown)).toThrow(expect.objectContaining({ number: errnoNumber("EBADF") }));
});
