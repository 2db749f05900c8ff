/** Sockets. */
import { etherProtocol, outputAddress, lengthInOut, socketAddress } from "../address.ts";
import { buffer, lengthIn, outputBuffer } from "../buffer.ts";
import { argument, decimal, fd, int, type CallFormats, type Format } from "../format.ts";
import { message, outputMessage, receivedMessages, sentMessages } from "../message.ts";
import { enumeration, enumerationOf, flags, maskedFlags, nameOf } from "../named.ts";
import { timespec } from "../time.ts";
import { twoDescriptors } from "./descriptors.ts";
import { optionName, outputOptionValue, optionValue, outputOptionLength, optionLevel } from "./options.ts";

const family = enumeration("addressFamily", "AF_???");
/** The type is in the low four bits (SOCK_TYPE_MASK, include/linux/net.h). */
const type = maskedFlags("socketType", 0xf, "socketFlags", "SOCK_???", "SOCK_???");
const messageFlags = flags("messageFlags", "MSG_???");

/** What the third number of socket means depends on the first. */
const protocol: Format = (scope) => {
  const register = argument(scope, "family");
  const { constants } = scope.abi;
  return (value, call) => {
    const name = nameOf(constants.addressFamily, register(call) & 0xffff_ffffn);
    if (name === "AF_INET") return enumerationOf(constants.internetProtocol, value, "IPPROTO_???");
    if (name === "AF_INET6") return enumerationOf(constants.internetProtocol, value, "IPPROTO_???");
    if (name === "AF_NETLINK") return enumerationOf(constants.netlinkProtocol, value, "NETLINK_???");
    if (name === "AF_PACKET") {
      const bigEndian = ((Number(value) & 0xff) << 8) | ((Number(value) >> 8) & 0xff);
      return etherProtocol(bigEndian, scope.abi);
    }
    return { text: `${value}`, value: Number(value) };
  };
};

export const socketCalls: CallFormats = {
  socket: { family, type, protocol },
  socketpair: { family, type, protocol: int, usockvec: twoDescriptors },
  bind: { fd, umyaddr: socketAddress("addrlen"), addrlen: decimal },
  connect: { fd, uservaddr: socketAddress("addrlen"), addrlen: decimal },
  listen: { fd, backlog: decimal },
  accept: { fd, upeer_sockaddr: outputAddress("upeer_addrlen"), upeer_addrlen: lengthInOut },
  accept4: {
    fd,
    upeer_sockaddr: outputAddress("upeer_addrlen"),
    upeer_addrlen: lengthInOut,
    flags: flags("socketFlags", "SOCK_???"),
  },
  getsockname: { fd, usockaddr: outputAddress("usockaddr_len"), usockaddr_len: lengthInOut },
  getpeername: { fd, usockaddr: outputAddress("usockaddr_len"), usockaddr_len: lengthInOut },
  shutdown: { fd, how: enumeration("shutdownHow", "SHUT_???") },
  sendto: {
    fd,
    buff: buffer(lengthIn("len")),
    len: decimal,
    flags: messageFlags,
    addr: socketAddress("addr_len"),
    addr_len: decimal,
  },
  recvfrom: {
    fd,
    ubuf: outputBuffer(),
    size: decimal,
    flags: messageFlags,
    addr: outputAddress("addr_len"),
    addr_len: lengthInOut,
  },
  sendmsg: { fd, msg: message, flags: messageFlags },
  recvmsg: { fd, msg: outputMessage, flags: messageFlags },
  sendmmsg: { fd, msg: sentMessages, vlen: decimal, flags: messageFlags },
  recvmmsg: { fd, msg: receivedMessages, vlen: decimal, flags: messageFlags, timeout: timespec },
  setsockopt: { fd, level: optionLevel, optname: optionName, optval: optionValue, optlen: decimal },
  getsockopt: { fd, level: optionLevel, optname: optionName, optval: outputOptionValue, optlen: outputOptionLength },
};
