/** Socket addresses, by family. */
import type { Abi } from "../../linux/abi.ts";
import { beU16, beU32, ipv4, ipv6 } from "../../linux/inet.ts";
import type { JsonValue } from "../record.ts";
import { argument, type CallState, type Format, type OutputFormat, type Scope } from "./format.ts";
import { readExactly } from "./memory.ts";
import { enumerationOf, type Named } from "./named.ts";
import { u16, u32 } from "../../linux/scalar.ts";
import { jsonName, quoted } from "./text.ts";
import { hex, nullPointer, pointer, type Decoded, type Integer } from "./value.ts";

/** sizeof(struct sockaddr_storage): the kernel takes and gives no more. */
export const addressMax = 128;

/** `htons(ETH_P_ALL)` */
export function etherProtocol(protocol: number, abi: Abi): Named {
  const named = enumerationOf(abi.constants.etherProtocol, protocol, "ETH_P_???");
  return { text: `htons(${named.text})`, value: named.value };
}

interface Family {
  /** Shortest address that holds the fields. */
  readonly size: number;
  print(bytes: Uint8Array, abi: Abi): { text: string; value: Record<string, JsonValue> };
}

/** A path, or, after a NUL, an abstract name that reaches to the end. */
function unixName(bytes: Uint8Array): { text: string; value: Record<string, JsonValue> } {
  const name = bytes.subarray(2);
  if (name.length === 0) return { text: "", value: {} };
  if (name[0] === 0) {
    return { text: `, sun_path=@${quoted(name.subarray(1))}`, value: { sun_path: jsonName(name) } };
  }
  const end = name.indexOf(0);
  const path = end < 0 ? name : name.subarray(0, end);
  return { text: `, sun_path=${quoted(path)}`, value: { sun_path: jsonName(path) } };
}

const families: Readonly<Record<string, Family>> = {
  AF_UNIX: { size: 2, print: unixName },
  AF_INET: {
    size: 16,
    print: (bytes) => {
      const [port, address] = [beU16(bytes, 2), ipv4(bytes, 4)];
      return {
        text: `, sin_port=htons(${port}), sin_addr=inet_addr("${address}")`,
        value: { sin_port: port, sin_addr: address },
      };
    },
  },
  AF_INET6: {
    size: 24,
    print: (bytes) => {
      const [port, flow, address] = [beU16(bytes, 2), beU32(bytes, 4), ipv6(bytes, 8)];
      const scopeId = bytes.length >= 28 ? u32(bytes, 24) : undefined;
      return {
        text: `, sin6_port=htons(${port}), sin6_flowinfo=htonl(${flow}), inet_pton(AF_INET6, "${address}", &sin6_addr)${
          scopeId === undefined ? "" : `, sin6_scope_id=${scopeId}`
        }`,
        value: {
          sin6_port: port,
          sin6_flowinfo: flow,
          sin6_addr: address,
          ...(scopeId === undefined ? {} : { sin6_scope_id: scopeId }),
        },
      };
    },
  },
  AF_NETLINK: {
    size: 12,
    print: (bytes) => {
      const [pid, groups] = [u32(bytes, 4), u32(bytes, 8)];
      return {
        text: `, nl_pid=${pid}, nl_groups=${groups === 0 ? "00000000" : `0x${groups.toString(16).padStart(6, "0")}`}`,
        value: { nl_pid: pid, nl_groups: groups },
      };
    },
  },
  AF_PACKET: {
    size: 12,
    print: (bytes, abi) => {
      const protocol = etherProtocol(beU16(bytes, 2), abi);
      const index = u32(bytes, 4);
      const hardware = enumerationOf(abi.constants.hardwareType, u16(bytes, 8), "ARPHRD_???");
      const type = enumerationOf(abi.constants.packetType, bytes[10] ?? 0, "PACKET_???");
      const length = bytes[11] ?? 0;
      const address = bytes.subarray(12, 12 + length);
      return {
        text:
          `, sll_protocol=${protocol.text}, sll_ifindex=${index}, sll_hatype=${hardware.text}, ` +
          `sll_pkttype=${type.text}, sll_halen=${length}` +
          (length === 0 ? "" : `, sll_addr=[${[...address].map(hex).join(", ")}]`),
        value: {
          sll_protocol: protocol.value,
          sll_ifindex: index,
          sll_hatype: hardware.value,
          sll_pkttype: type.value,
          sll_addr: [...address],
        },
      };
    },
  },
  AF_VSOCK: {
    size: 16,
    print: (bytes) => {
      const [port, cid] = [u32(bytes, 4), u32(bytes, 8)];
      return {
        text: `, svm_cid=${cid === 0xffff_ffff ? "VMADDR_CID_ANY" : hex(cid)}, svm_port=${hex(port)}`,
        value: { svm_cid: cid, svm_port: port },
      };
    },
  },
};

/** Bytes of an address → `{sa_family=AF_INET, sin_port=htons(80), …}`. */
export function addressOf(bytes: Uint8Array, abi: Abi): Decoded {
  const family = enumerationOf(abi.constants.addressFamily, u16(bytes, 0), "AF_???");
  const known = families[`${family.value}`];
  const rest =
    known !== undefined && bytes.length >= known.size
      ? known.print(bytes, abi)
      : bytes.length > 2
        ? {
            text: `, sa_data=${quoted(bytes.subarray(2))}`,
            value: { sa_data: Buffer.from(bytes.subarray(2)).toString("base64") },
          }
        : { text: "", value: {} };
  return { text: `{sa_family=${family.text}${rest.text}}`, value: { sa_family: family.value, ...rest.value } };
}

/** An address of `length` bytes in memory. */
export function addressAt(address: Integer, length: number, abi: Abi, call: CallState): Decoded {
  if (address === 0n || address === 0) return nullPointer;
  if (length < 2) return pointer(address);
  const bytes = readExactly(call.memory, BigInt(address), Math.min(length, addressMax));
  return bytes === undefined ? pointer(address) : addressOf(bytes, abi);
}

const int = (register: bigint): number => Number(BigInt.asIntN(32, register));

/** An address that the program gives, its length in another argument. */
export const socketAddress =
  (length: string): Format =>
  (scope) => {
    const register = argument(scope, length);
    return (address, call) => addressAt(address, int(register(call)), scope.abi, call);
  };

/** An int in the program's memory. */
export function intAt(address: Integer, call: CallState): number | undefined {
  if (address === 0n || address === 0) return undefined;
  const bytes = readExactly(call.memory, BigInt(address), 4);
  return bytes === undefined ? undefined : u32(bytes, 0) | 0;
}

/** An address that the call fills in; the argument `length` points to how much room there was, then to its size. */
export const outputAddress = (length: string): OutputFormat => ({
  enter: (scope) => room(scope, length),
  leave: (scope) => {
    const register = argument(scope, length);
    return (address, call, entered) => {
      if (!call.succeeded) return pointer(address);
      const size = intAt(register(call), call);
      const given = typeof entered?.value === "number" ? entered.value : addressMax;
      return size === undefined ? pointer(address) : addressAt(address, Math.min(size, given), scope.abi, call);
    };
  },
});

/** Before the call: the room that the program gives. */
const room = (scope: Scope, length: string): ReturnType<Format> => {
  const register = argument(scope, length);
  return (_address, call) => {
    const size = intAt(register(call), call);
    return size === undefined ? undefined : { text: "", value: size };
  };
};

/** A length that the call reads and writes: `[16]`, `[128 => 16]`. */
export const lengthInOut: OutputFormat = {
  enter: () => (address, call) => {
    const size = intAt(address, call);
    return size === undefined ? pointer(address) : { text: `${size}`, value: size };
  },
  leave: () => (address, call, entered) => {
    if (typeof entered?.value !== "number") return entered;
    const after = call.succeeded ? intAt(address, call) : entered.value;
    if (after === undefined) return { text: `[${entered.text}]`, value: entered.value };
    return {
      text: after === entered.value ? `[${after}]` : `[${entered.text} => ${after}]`,
      value: after,
    };
  },
};
