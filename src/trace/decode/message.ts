/** sendmsg and recvmsg: a header, its buffers, its control messages. */
import { ipv4, ipv6 } from "../../linux/inet.ts";
import type { JsonValue } from "../record.ts";
import { addressAt, addressMax } from "./address.ts";
import { iovecAt } from "./buffer.ts";
import type { CallState, Format, OutputFormat, Scope } from "./format.ts";
import { readExactly } from "./memory.ts";
import { enumerationOf, flagsOf, type Named } from "./named.ts";
import { i32, u32, u64 } from "../../linux/scalar.ts";
import { quoted } from "./text.ts";
import { decimal, jsonInteger, nullPointer, pointer, type Decoded, type Integer } from "./value.ts";

interface Header {
  readonly name: Integer;
  readonly nameLength: number;
  readonly iov: Integer;
  readonly iovLength: Integer;
  readonly control: Integer;
  readonly controlLength: Integer;
  readonly flags: number;
}

/** struct user_msghdr, 56 bytes; the same on every 64-bit machine. */
const headerSize = 56;
/** struct mmsghdr: a header, and how many bytes it brought. */
const multipleSize = 64;

const headerOf = (bytes: Uint8Array, at: number): Header => ({
  name: u64(bytes, at),
  nameLength: i32(bytes, at + 8),
  iov: u64(bytes, at + 16),
  iovLength: u64(bytes, at + 24),
  control: u64(bytes, at + 32),
  controlLength: u64(bytes, at + 40),
  flags: i32(bytes, at + 48),
});

export function headerAt(address: Integer, call: CallState): Header | undefined {
  const bytes = address === 0n ? undefined : readExactly(call.memory, BigInt(address), headerSize);
  return bytes === undefined ? undefined : headerOf(bytes, 0);
}

/** No control data is read beyond this many bytes. */
const controlLimit = 16_384;
const controlHeader = 16;
const align = (length: number): number => (length + 7) & ~7;

function controlData(level: Named, type: Named, data: Uint8Array): Decoded | undefined {
  const kind = `${level.value} ${type.value}`;
  if (kind === "SOL_SOCKET SCM_RIGHTS") {
    const fds = Array.from({ length: Math.floor(data.length / 4) }, (_, index) => i32(data, index * 4));
    return { text: `[${fds.join(", ")}]`, value: fds };
  }
  if (kind === "SOL_SOCKET SCM_CREDENTIALS" && data.length >= 12) {
    const [pid, uid, gid] = [i32(data, 0), u32(data, 4), u32(data, 8)];
    return { text: `{pid=${pid}, uid=${uid}, gid=${gid}}`, value: { pid, uid, gid } };
  }
  if (kind === "SOL_IP IP_PKTINFO" && data.length >= 12) {
    const [index, local, address] = [u32(data, 0), ipv4(data, 4), ipv4(data, 8)];
    return {
      text: `{ipi_ifindex=${index}, ipi_spec_dst=inet_addr("${local}"), ipi_addr=inet_addr("${address}")}`,
      value: { ipi_ifindex: index, ipi_spec_dst: local, ipi_addr: address },
    };
  }
  if (kind === "SOL_IPV6 IPV6_PKTINFO" && data.length >= 20) {
    const [address, index] = [ipv6(data, 0), u32(data, 16)];
    return {
      text: `{inet_pton(AF_INET6, "${address}", &ipi6_addr), ipi6_ifindex=${index}}`,
      value: { ipi6_addr: address, ipi6_ifindex: index },
    };
  }
  if (kind === "SOL_IP IP_TTL" && data.length >= 4) {
    const ttl = u32(data, 0);
    return { text: `[${ttl}]`, value: ttl };
  }
  if (data.length === 0) return undefined;
  return { text: quoted(data), value: Buffer.from(data).toString("base64") };
}

function controlAt(scope: Scope, header: Header, call: CallState): Decoded | undefined {
  const length = Number(header.controlLength);
  if (length === 0) return undefined;
  if (length < controlHeader) return pointer(header.control);
  const bytes = readExactly(call.memory, BigInt(header.control), Math.min(length, controlLimit));
  if (bytes === undefined) return pointer(header.control);
  const { constants } = scope.abi;
  const items: Decoded[] = [];
  let at = 0;
  while (at + controlHeader <= bytes.length) {
    const size = Number(u64(bytes, at));
    const level = enumerationOf(constants.socketLevel, i32(bytes, at + 8), "SOL_???");
    const set =
      level.value === "SOL_SOCKET"
        ? constants.controlType
        : level.value === "SOL_IP"
          ? constants.ipOption
          : level.value === "SOL_IPV6"
            ? constants.ip6Option
            : [];
    const type = enumerationOf(set, i32(bytes, at + 12), level.value === "SOL_SOCKET" ? "SCM_???" : "IP_???");
    const bad = size < controlHeader || at + size > bytes.length;
    const data = bad ? undefined : controlData(level, type, bytes.subarray(at + controlHeader, at + size));
    items.push({
      text: `{cmsg_len=${size}, cmsg_level=${level.text}, cmsg_type=${type.text}${data === undefined ? "" : `, cmsg_data=${data.text}`}}`,
      value: {
        cmsg_len: size,
        cmsg_level: level.value,
        cmsg_type: type.value,
        ...(data ? { cmsg_data: data.value } : {}),
      },
    });
    if (bad) break;
    at += align(size);
  }
  return { text: `[${items.map((item) => item.text).join(", ")}]`, value: items.map((item) => item.value) };
}

/** `total`: bytes in the buffers; `before`: msg_namelen as it was, where the call may have changed it. */
function printHeader(
  scope: Scope,
  header: Header,
  total: Integer,
  before: number | undefined,
  call: CallState,
): Decoded {
  const room = before === undefined ? header.nameLength : Math.min(header.nameLength, before);
  const name = header.name === 0 ? nullPointer : addressAt(header.name, Math.min(room, addressMax), scope.abi, call);
  const nameLength =
    before === undefined || before === header.nameLength ? `${header.nameLength}` : `${before} => ${header.nameLength}`;
  const iov = iovecAt(header.iov, Number(header.iovLength), total, scope.stringLimit, call);
  const control = controlAt(scope, header, call);
  const flags = flagsOf(scope.abi.constants.messageFlags, header.flags >>> 0, "MSG_???");
  const value: Record<string, JsonValue> = {
    msg_name: name.value,
    msg_namelen: header.nameLength,
    msg_iov: iov.value,
    msg_iovlen: jsonInteger(header.iovLength),
    ...(control === undefined ? {} : { msg_control: control.value }),
    msg_controllen: jsonInteger(header.controlLength),
    msg_flags: flags.value,
  };
  const text =
    `{msg_name=${name.text}, msg_namelen=${nameLength}, msg_iov=${iov.text}, msg_iovlen=${header.iovLength}` +
    `${control === undefined ? "" : `, msg_control=${control.text}`}, msg_controllen=${header.controlLength}, msg_flags=${flags.text}}`;
  return { text, value };
}

/** What sendmsg sends. */
export const message: Format = (scope) => (address, call) => {
  const header = headerAt(address, call);
  return header === undefined ? pointer(address) : printHeader(scope, header, Number.MAX_SAFE_INTEGER, undefined, call);
};

/** What recvmsg received; its header says before the call how much room there is. */
export const outputMessage: OutputFormat = {
  enter: () => (address, call) => {
    const header = headerAt(address, call);
    return header === undefined ? undefined : decimal(header.nameLength);
  },
  leave: (scope) => (address, call, entered) => {
    const header = headerAt(address, call);
    if (header === undefined) return pointer(address);
    const before = typeof entered?.value === "number" ? entered.value : undefined;
    if (call.succeeded) return printHeader(scope, header, call.result ?? 0n, before, call);
    return { text: `{msg_namelen=${header.nameLength}}`, value: { msg_namelen: header.nameLength } };
  },
};

function messages(scope: Scope, address: Integer, count: number, sent: boolean, call: CallState): Decoded {
  if (address === 0n) return nullPointer;
  const shown = Math.min(count, scope.stringLimit);
  const bytes = readExactly(call.memory, BigInt(address), shown * multipleSize);
  if (bytes === undefined) return pointer(address);
  const items: Decoded[] = [];
  for (let index = 0; index < shown; index++) {
    const at = index * multipleSize;
    const length = u32(bytes, at + headerSize);
    const header = printHeader(scope, headerOf(bytes, at), sent ? Number.MAX_SAFE_INTEGER : length, undefined, call);
    const showLength = call.succeeded;
    items.push({
      text: `{msg_hdr=${header.text}${showLength ? `, msg_len=${length}` : ""}}`,
      value: { msg_hdr: header.value, ...(showLength ? { msg_len: length } : {}) },
    });
  }
  return {
    text: `[${items.map((item) => item.text).join(", ")}${count > shown ? ", ..." : ""}]`,
    value: items.map((item) => item.value),
  };
}

/** sendmmsg: as many as were sent. */
export const sentMessages: OutputFormat = {
  leave: (scope) => (address, call) =>
    call.succeeded ? messages(scope, address, Number(call.result), true, call) : pointer(address),
};

/** recvmmsg: as many as came. */
export const receivedMessages: OutputFormat = {
  leave: (scope) => (address, call) =>
    call.succeeded ? messages(scope, address, Number(call.result), false, call) : pointer(address),
};
