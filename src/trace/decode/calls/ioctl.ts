/** ioctl: requests by name, and the argument of those that programs use in ordinary life. */
import type { ConstantSetName } from "../../../linux/abi.ts";
import {
  absent,
  argument,
  decimal,
  hex,
  int,
  output,
  type ArgumentFormat,
  type CallState,
  type Format,
  type OutputFormat,
  type Scope,
} from "../format.ts";
import { enumerationOf, flags, flagsText, memoized, nameOf } from "../named.ts";
import { characters, number, outputOf, outputOfOne, pointerTo, pointerToOne, structure } from "../structure.ts";
import { hex as hexText, type Decoded } from "../value.ts";
import { byName } from "./descriptors.ts";

/** Direction, type, number and size, as include/uapi/asm-generic/ioctl.h packs them. */
function unnamed(request: number): Decoded {
  const directions = ["_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE"];
  const [direction, size, type, nr] = [
    request >>> 30,
    (request >>> 16) & 0x3fff,
    (request >>> 8) & 0xff,
    request & 0xff,
  ];
  return {
    text: `_IOC(${directions[direction]}, ${hexText(type)}, ${hexText(nr)}, ${hexText(size)})`,
    value: request,
  };
}

export const ioctlRequest: Format =
  ({ abi }) =>
  (value) => {
    const request = Number(value);
    const name = nameOf(abi.constants.ioctlRequest, request);
    return name === undefined ? unnamed(request) : { text: name, value: name };
  };

const requestOf = (scope: Scope): ((call: CallState) => string | undefined) => {
  const register = argument(scope, "cmd");
  const requests = scope.abi.constants.ioctlRequest;
  return (call) => nameOf(requests, register(call) & 0xffff_ffffn);
};

/** Parts of a terminal's mode that are numbers under a mask (include/uapi/asm-generic/termbits.h), then flags. */
const terminalMode =
  (parts: readonly (readonly [mask: number, set: ConstantSetName])[], rest: ConstantSetName): Format =>
  ({ abi }) =>
    memoized((value) => {
      const bits = Number(value);
      const names = parts.map(([mask, set]) => `${enumerationOf(abi.constants[set], bits & mask, `${set}???`).value}`);
      const others = (bits & ~parts.reduce((all, [mask]) => all | mask, 0)) >>> 0;
      if (others !== 0 || parts.length === 0) names.push(flagsText(abi.constants[rest], others, "???"));
      const text = names.join("|");
      return { text, value: text };
    });

const terminal = structure(
  "termios",
  {
    c_iflag: terminalMode([], "terminalInput"),
    c_oflag: terminalMode(
      [
        [0x100, "terminalNewline"],
        [0x600, "terminalReturn"],
        [0x1800, "terminalTab"],
        [0x2000, "terminalBackspace"],
        [0x4000, "terminalVertical"],
        [0x8000, "terminalFormFeed"],
      ],
      "terminalOutput",
    ),
    c_cflag: terminalMode(
      [
        [0x100f, "terminalSpeed"],
        [0x30, "terminalSize"],
      ],
      "terminalControl",
    ),
    c_lflag: terminalMode([], "terminalLocal"),
  },
  { brief: ["c_iflag", "c_oflag", "c_cflag", "c_lflag"] },
);

const windowSize = structure("winsize", { ws_row: decimal, ws_col: decimal, ws_xpixel: decimal, ws_ypixel: decimal });
const oneInt = number("i32", decimal);
const oneHex = number("u32", hex);

/** A network interface by name, and what the request asks for, which lies in a union behind it. */
function interfaceRequest(field: string, inUnion: string, format: Format, given: "name" | "value"): OutputFormat {
  const named = { [nameField]: characters };
  const whole = { ...named, [inUnion]: format };
  const names = { [nameField]: "ifr_name", [inUnion]: field };
  const input = pointerTo(
    structure("ifreq", given === "name" ? named : whole, {
      names,
      ...(given === "name" ? { brief: [nameField] } : {}),
    }),
  );
  const after = pointerTo(structure("ifreq", whole, { names }));
  return {
    enter: input,
    leave: (scope) => {
      const print = after(scope);
      return (value, call, entered) => (call.succeeded ? print(value, call) : entered);
    },
  };
}
const nameField = "ifr_ifrn.ifrn_name";
const interfaceFlags = flags("interfaceFlags", "IFF_???");

const formats: Readonly<Record<string, ArgumentFormat>> = {
  TCGETS: outputOf(terminal),
  TCSETS: pointerTo(terminal),
  TCSETSW: pointerTo(terminal),
  TCSETSF: pointerTo(terminal),
  TIOCGWINSZ: outputOf(windowSize),
  TIOCSWINSZ: pointerTo(windowSize),
  TIOCGPGRP: outputOfOne(oneInt),
  TIOCSPGRP: pointerToOne(oneInt),
  TIOCGSID: outputOfOne(oneInt),
  TIOCSCTTY: int,
  TIOCGPTN: outputOfOne(oneInt),
  TIOCSPTLCK: pointerToOne(oneInt),
  FIONREAD: outputOfOne(oneInt),
  TIOCOUTQ: outputOfOne(oneInt),
  FIONBIO: pointerToOne(oneInt),
  FIOASYNC: pointerToOne(oneInt),
  FICLONE: int,
  FS_IOC_GETFLAGS: outputOfOne(oneHex),
  FS_IOC_SETFLAGS: pointerToOne(oneHex),
  BLKSSZGET: outputOfOne(oneInt),
  BLKGETSIZE64: outputOfOne(number("u64", decimal)),
  SIOCGIFINDEX: interfaceRequest("ifr_ifindex", "ifr_ifru.ifru_ivalue", decimal, "name"),
  SIOCGIFFLAGS: interfaceRequest("ifr_flags", "ifr_ifru.ifru_flags", interfaceFlags, "name"),
  SIOCSIFFLAGS: interfaceRequest("ifr_flags", "ifr_ifru.ifru_flags", interfaceFlags, "value"),
  SIOCGIFMTU: interfaceRequest("ifr_mtu", "ifr_ifru.ifru_mtu", decimal, "name"),
  SIOCSIFMTU: interfaceRequest("ifr_mtu", "ifr_ifru.ifru_mtu", decimal, "value"),
  SIOCGIFTXQLEN: interfaceRequest("ifr_qlen", "ifr_ifru.ifru_ivalue", decimal, "name"),
  FIOCLEX: absent,
  FIONCLEX: absent,
  TIOCNOTTY: absent,
  TIOCEXCL: absent,
  TIOCNXCL: absent,
  FITHAW: absent,
  BLKFLSBUF: absent,
  BLKRRPART: absent,
  LOOP_CLR_FD: absent,
  RNDGETENTCNT: outputOfOne(oneInt),
};

export const ioctlArgument: OutputFormat = byName(requestOf, formats, output(hex));
