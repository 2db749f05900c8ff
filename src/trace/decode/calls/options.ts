/** Socket options: levels, names, and what their values hold. */
import type { ConstantSetName } from "../../../linux/abi.ts";
import { ipv4, ipv6 } from "../../../linux/inet.ts";
import { intAt } from "../address.ts";
import { argument, type CallState, type Format, type OutputFormat, type Scope } from "../format.ts";
import { readExactly } from "../memory.ts";
import { enumerationOf, nameOf } from "../named.ts";
import { i32, i64, u16, u64 } from "../../../linux/scalar.ts";
import { jsonBuffer, jsonName, quoted } from "../text.ts";
import { hex, jsonInteger, nullPointer, pointer, type Decoded, type Integer } from "../value.ts";

/** Level → set of its options. */
const sets: Readonly<Record<string, readonly [set: ConstantSetName, unknown: string]>> = {
  SOL_SOCKET: ["socketOption", "SO_???"],
  SOL_IP: ["ipOption", "IP_???"],
  SOL_IPV6: ["ip6Option", "IPV6_???"],
  SOL_TCP: ["tcpOption", "TCP_???"],
  SOL_UDP: ["udpOption", "UDP_???"],
  SOL_PACKET: ["packetOption", "PACKET_???"],
  SOL_NETLINK: ["netlinkOption", "NETLINK_???"],
};

export const optionLevel: Format =
  ({ abi }) =>
  (value) =>
    enumerationOf(abi.constants.socketLevel, value, "SOL_??");

/** `SOL_SOCKET SO_REUSEADDR`, as far as there are names. */
const optionOf = (scope: Scope): ((call: CallState) => string) => {
  const [level, name] = [argument(scope, "level"), argument(scope, "optname")];
  const { constants } = scope.abi;
  return (call) => {
    const levelName = nameOf(constants.socketLevel, level(call) & 0xffff_ffffn) ?? "";
    const set = sets[levelName]?.[0];
    return `${levelName} ${set === undefined ? "" : (nameOf(constants[set], name(call) & 0xffff_ffffn) ?? "")}`;
  };
};

export const optionName: Format = (scope) => {
  const level = argument(scope, "level");
  const { constants } = scope.abi;
  return (value, call) => {
    const found = sets[nameOf(constants.socketLevel, level(call) & 0xffff_ffffn) ?? ""];
    return found === undefined
      ? { text: `${value}`, value: Number(value) }
      : enumerationOf(constants[found[0]], value, found[1]);
  };
};

type Printer = (bytes: Uint8Array, scope: Scope) => Decoded | undefined;

const one: Printer = (bytes) => (bytes.length >= 4 ? { text: `[${i32(bytes, 0)}]`, value: i32(bytes, 0) } : undefined);

const fields =
  (size: number, make: (bytes: Uint8Array, scope: Scope) => readonly (readonly [string, Decoded])[]): Printer =>
  (bytes, scope) => {
    if (bytes.length < size) return undefined;
    const parts = make(bytes, scope);
    return {
      text: `{${parts.map(([name, part]) => (name === "" ? part.text : `${name}=${part.text}`)).join(", ")}}`,
      value: Object.fromEntries(parts.map(([name, part]) => [name, part.value])),
    };
  };
const number = (value: Integer): Decoded => ({ text: `${value}`, value: jsonInteger(value) });
const inet = (address: string): Decoded => ({ text: `inet_addr("${address}")`, value: address });
const name: Printer = (bytes) => {
  const end = bytes.indexOf(0);
  const text = end < 0 ? bytes : bytes.subarray(0, end);
  return { text: quoted(bytes), value: jsonName(text) };
};

const timeval = fields(16, (bytes) => [
  ["tv_sec", number(i64(bytes, 0))],
  ["tv_usec", number(i64(bytes, 8))],
]);

const membership: Printer = (bytes, scope) =>
  bytes.length >= 12
    ? fields(12, () => [
        ["imr_multiaddr", inet(ipv4(bytes, 0))],
        ["imr_address", inet(ipv4(bytes, 4))],
        ["imr_ifindex", number(i32(bytes, 8))],
      ])(bytes, scope)
    : fields(8, () => [
        ["imr_multiaddr", inet(ipv4(bytes, 0))],
        ["imr_interface", inet(ipv4(bytes, 4))],
      ])(bytes, scope);

const membership6: Printer = (bytes) =>
  bytes.length < 20
    ? undefined
    : {
        text: `{inet_pton(AF_INET6, "${ipv6(bytes, 0)}", &ipv6mr_multiaddr), ipv6mr_interface=${i32(bytes, 16)}}`,
        value: { ipv6mr_multiaddr: ipv6(bytes, 0), ipv6mr_interface: i32(bytes, 16) },
      };

/** Options whose value is no plain int. */
const printers: Readonly<Record<string, Printer>> = {
  "SOL_SOCKET SO_LINGER": fields(8, (bytes) => [
    ["l_onoff", number(i32(bytes, 0))],
    ["l_linger", number(i32(bytes, 4))],
  ]),
  "SOL_SOCKET SO_RCVTIMEO_OLD": timeval,
  "SOL_SOCKET SO_SNDTIMEO_OLD": timeval,
  "SOL_SOCKET SO_RCVTIMEO_NEW": timeval,
  "SOL_SOCKET SO_SNDTIMEO_NEW": timeval,
  "SOL_SOCKET SO_PEERCRED": fields(12, (bytes) => [
    ["pid", number(i32(bytes, 0))],
    ["uid", number(i32(bytes, 4))],
    ["gid", number(i32(bytes, 8))],
  ]),
  "SOL_SOCKET SO_BINDTODEVICE": name,
  "SOL_SOCKET SO_ATTACH_FILTER": fields(16, (bytes) => [
    ["len", number(u16(bytes, 0))],
    ["filter", pointer(u64(bytes, 8))],
  ]),
  "SOL_SOCKET SO_COOKIE": (bytes) =>
    bytes.length >= 8 ? { text: `[${hex(u64(bytes, 0))}]`, value: jsonInteger(u64(bytes, 0)) } : undefined,
  "SOL_IP IP_ADD_MEMBERSHIP": membership,
  "SOL_IP IP_DROP_MEMBERSHIP": membership,
  "SOL_IP IP_MULTICAST_IF": (bytes, scope) =>
    bytes.length >= 8 ? membership(bytes, scope) : bytes.length >= 4 ? inet(ipv4(bytes, 0)) : undefined,
  "SOL_IPV6 IPV6_ADD_MEMBERSHIP": membership6,
  "SOL_IPV6 IPV6_DROP_MEMBERSHIP": membership6,
  "SOL_TCP TCP_CONGESTION": (bytes) => ({ text: quoted(bytes), value: jsonName(bytes) }),
  "SOL_TCP TCP_ULP": (bytes) => ({ text: quoted(bytes), value: jsonName(bytes) }),
};

function valueAt(option: string, address: Integer, length: number, scope: Scope, call: CallState): Decoded {
  if (address === 0n) return nullPointer;
  if (length < 0) return pointer(address);
  const print = printers[option];
  // A value of four bytes is a number, whatever the option; any other without a printer is bytes.
  const size = print === undefined && length !== 4 ? Math.min(length, scope.stringLimit) : Math.min(length, 256);
  const bytes = readExactly(call.memory, BigInt(address), size);
  if (bytes === undefined) return pointer(address);
  const decoded = print?.(bytes, scope) ?? (length === 4 ? one(bytes, scope) : undefined);
  return decoded ?? { text: quoted(bytes, length > bytes.length), value: jsonBuffer(bytes, length) };
}

/** What setsockopt sets. */
export const optionValue: Format = (scope) => {
  const [option, length] = [optionOf(scope), argument(scope, "optlen")];
  return (address, call) => valueAt(option(call), address, Number(BigInt.asIntN(32, length(call))), scope, call);
};

/** What getsockopt got. */
export const outputOptionValue: OutputFormat = {
  leave: (scope) => {
    const [option, length] = [optionOf(scope), argument(scope, "optlen")];
    return (address, call) => {
      const size = call.succeeded ? intAt(length(call), call) : undefined;
      return size === undefined ? pointer(address) : valueAt(option(call), address, size, scope, call);
    };
  },
};

/** `[4]`, `[16 => 4]`. */
export { lengthInOut as outputOptionLength } from "../address.ts";
