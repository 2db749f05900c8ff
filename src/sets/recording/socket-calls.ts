/** What recording and replaying sockets have in common. */

/** Under which an open file's socket is remembered. */
export const socketKey: unique symbol = Symbol("recorded socket");
/** Under which an open file is a standard stream: 0, 1 or 2. */
export const streamKey: unique symbol = Symbol("recorded stream");

/** include/linux/net.h: the rest of `type` are flags. */
export const SOCK_TYPE_MASK = 0xf;
/** asm-generic/socket.h */
export const SOL_SOCKET = 1;
export const SO_ERROR = 4;
