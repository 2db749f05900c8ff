/** The types that users lean on. `tsc` decides most of it; what runs here keeps the file honest. */
import { expect, expectTypeOf, test } from "vitest";
import { callGroups } from "../linux/groups.ts";
import { isCallName } from "../linux/calls.ts";
import type { SocketAddress } from "./address.ts";
import type { CallBuffer } from "./buffer.ts";
import { defineHooks } from "./define.ts";
import type { Pointer } from "./pointer.ts";

test("arguments have the kernel's names and the types that go with them", () => {
  const set = defineHooks({
    openat(call) {
      expectTypeOf(call.name).toEqualTypeOf<"openat">();
      expectTypeOf(call.args).toEqualTypeOf<{
        readonly dfd: number;
        readonly filename: string;
        readonly flags: number;
        readonly mode: number;
      }>();
      expectTypeOf(call.path).toBeString();
      // @ts-expect-error: openat has no buffer
      void call.buffer;
      // @ts-expect-error: nor an argument of that name
      void call.args.path;
      // @ts-expect-error: there is no such error
      call.fail("ENOTHING");
    },
    read(call) {
      expectTypeOf(call.buffer).toEqualTypeOf<CallBuffer>();
      expectTypeOf(call.fd).toBeNumber();
      expectTypeOf(call.args.buf).toEqualTypeOf<Pointer>();
      return call.buffer.write("text");
    },
    mmap: (call) => void expectTypeOf(call.args.addr).toBeBigInt(),
    connect(call) {
      expectTypeOf(call.address).toEqualTypeOf<SocketAddress>();
      expectTypeOf(call.address.port).toEqualTypeOf<number | undefined>();
      return call.proceed({ address: { host: "::1", port: 80 } });
    },
    sendto: (call) => void expectTypeOf(call.address).toEqualTypeOf<SocketAddress | undefined>(),
    async write(call) {
      expectTypeOf(await call.proceed({ buffer: "text" })).toEqualTypeOf<number | null>();
      // @ts-expect-error: write has no path
      await call.proceed({ path: "/" });
      await call.run("fchmod", { fd: call.fd, mode: 0o600 });
      // @ts-expect-error: fchmod has no path either
      await call.run("fchmod", { filename: "/" });
    },
    file(call) {
      expectTypeOf(call.path).toEqualTypeOf<string | undefined>();
      if (call.is("renameat2")) expectTypeOf(call.args.newname).toBeString();
    },
    // @ts-expect-error: a hook returns a result or nothing
    getpid: () => "4242",
  });
  // @ts-expect-error: there is no such call
  defineHooks({ opneat() {} });
  expect(Object.keys(set.hooks)).toContain("mmap");
});

test("every group is one of Linux's", () => {
  for (const group of ["file", "desc", "network", "process", "signal", "ipc", "memory", "creds", "clock"])
    expect([...(callGroups[group] ?? [])].some(isCallName)).toBe(true);
});
