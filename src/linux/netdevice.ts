/** Requests of ioctl(2) about interfaces, netdevice(7): include/uapi/linux/sockios.h. */

export const SIOCGIFCONF = 0x8912;
/** sizeof(struct ifreq), of which they take and give one; SIOCGIFCONF gives several. */
export const IFREQ = 40;

/** Those that tell of an interface. */
export const examiningRequests: ReadonlySet<number> = new Set([
  0x8910, // SIOCGIFNAME
  0x8913, // SIOCGIFFLAGS
  0x8915, // SIOCGIFADDR
  0x8917, // SIOCGIFDSTADDR
  0x8919, // SIOCGIFBRDADDR
  0x891b, // SIOCGIFNETMASK
  0x891d, // SIOCGIFMETRIC
  0x8921, // SIOCGIFMTU
  0x8927, // SIOCGIFHWADDR
  0x8933, // SIOCGIFINDEX
  0x8942, // SIOCGIFTXQLEN
  0x8970, // SIOCGIFMAP
]);

/** Those that change one. */
export const changingRequests: ReadonlySet<number> = new Set([
  0x8911, // SIOCSIFLINK
  0x8914, // SIOCSIFFLAGS
  0x8916, // SIOCSIFADDR
  0x8918, // SIOCSIFDSTADDR
  0x891a, // SIOCSIFBRDADDR
  0x891c, // SIOCSIFNETMASK
  0x891e, // SIOCSIFMETRIC
  0x8922, // SIOCSIFMTU
  0x8923, // SIOCSIFNAME
  0x8924, // SIOCSIFHWADDR
  0x8931, // SIOCADDMULTI
  0x8932, // SIOCDELMULTI
  0x8936, // SIOCDIFADDR
  0x8937, // SIOCSIFHWBROADCAST
  0x8943, // SIOCSIFTXQLEN
  0x8971, // SIOCSIFMAP
]);
