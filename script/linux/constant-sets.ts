/**
 * Which named values are generated: flags (bits to be joined by |) and enumerations, set by set. What belongs to
 * a set is said here, what each is worth is left to the headers. Two names with one value in a set are an
 * error, to be settled by the exceptions: the name that strace prints stays.
 */

export interface SetSpecification {
  /** Headers that define the names; `private:` ones are the kernel's own, of which only the constants are read. */
  readonly from: readonly string[];
  /** Macros and enumerators by name, or by pattern. Flags are printed in the order of their names here, then by value. */
  readonly names: readonly (string | RegExp)[];
  /** Of those that the patterns find, these not. */
  readonly except: readonly (string | RegExp)[];
  /** Numbers, not bits: written in decimal and in ascending order. */
  readonly enumeration?: boolean;
}

const flags = (from: string, names: string | RegExp, except?: string | RegExp): SetSpecification => ({
  from: split(from),
  names: typeof names === "string" ? split(names) : [names],
  except: except === undefined ? [] : typeof except === "string" ? split(except) : [except],
});
const enumeration = (...specification: Parameters<typeof flags>): SetSpecification => ({
  ...flags(...specification),
  enumeration: true,
});
const split = (text: string): string[] => text.trim().split(/\s+/);

export const sets: Record<string, SetSpecification> = {
  // Files
  accessMode: enumeration("linux/fcntl.h", "O_RDONLY O_WRONLY O_RDWR O_ACCMODE"),
  openFlags: flags(
    "linux/fcntl.h",
    `O_CREAT O_EXCL O_NOCTTY O_TRUNC O_APPEND O_NONBLOCK O_SYNC O_DSYNC O_DIRECT O_LARGEFILE O_NOFOLLOW O_NOATIME
     O_CLOEXEC O_PATH O_TMPFILE O_DIRECTORY FASYNC`,
  ),
  resolveFlags: flags("linux/openat2.h", /^RESOLVE_/),
  atFlags: flags(
    "linux/fcntl.h",
    "AT_SYMLINK_NOFOLLOW AT_REMOVEDIR AT_SYMLINK_FOLLOW AT_NO_AUTOMOUNT AT_EMPTY_PATH AT_RECURSIVE",
  ),
  accessFlags: flags("linux/fcntl.h", "AT_SYMLINK_NOFOLLOW AT_EACCESS AT_EMPTY_PATH"),
  statxMask: flags("linux/stat.h", /^STATX_(?!ATTR_|_)/),
  statxAttributes: flags("linux/stat.h", /^STATX_ATTR_/),
  fileType: enumeration("linux/stat.h", /^S_IF/, "S_IFMT"),
  direntType: enumeration("private:include/linux/fs_types.h", /^DT_/, "DT_MAX"),
  whence: enumeration("linux/fs.h", /^SEEK_/, "SEEK_MAX"),
  fcntlCommand: enumeration(
    "linux/fcntl.h",
    /^F_/,
    /^F_(RDLCK|WRLCK|UNLCK|EXLCK|SHLCK|LINUX_SPECIFIC_BASE|OWNER_\w+|SEAL_\w+|GETLK64|SETLK64|SETLKW64)$/,
  ),
  descriptorFlags: flags("linux/fcntl.h", "FD_CLOEXEC"),
  lockType: enumeration("linux/fcntl.h", "F_RDLCK F_WRLCK F_UNLCK F_EXLCK F_SHLCK"),
  ownerType: enumeration("linux/fcntl.h", /^F_OWNER_/),
  sealFlags: flags("linux/fcntl.h", /^F_SEAL_/),
  notifyFlags: flags("linux/fcntl.h", /^DN_/),
  leaseHints: enumeration("linux/fcntl.h", /^RWH_|^RWF_WRITE_LIFE_NOT_SET/, "RWF_WRITE_LIFE_NOT_SET"),
  flockOperation: flags("linux/fcntl.h", "LOCK_SH LOCK_EX LOCK_NB LOCK_UN LOCK_MAND LOCK_RW LOCK_READ LOCK_WRITE"),
  fallocateFlags: flags("linux/falloc.h", /^FALLOC_FL_/, "FALLOC_FL_ALLOCATE_RANGE"),
  advice: enumeration("linux/fadvise.h", /^POSIX_FADV_/),
  syncFileRangeFlags: flags("linux/fs.h", /^SYNC_FILE_RANGE_/, "SYNC_FILE_RANGE_WRITE_AND_WAIT"),
  renameFlags: flags("linux/fs.h", /^RENAME_/),
  closeRangeFlags: flags("linux/close_range.h", /^CLOSE_RANGE_/),
  spliceFlags: flags("private:include/linux/splice.h", /^SPLICE_F_/),
  readWriteFlags: flags("linux/fs.h", /^RWF_/, /SUPPORTED|WRITE_LIFE/),
  xattrFlags: flags("linux/xattr.h", "XATTR_CREATE XATTR_REPLACE"),
  memfdFlags: flags("linux/memfd.h", /^MFD_/, /^MFD_HUGE_/),
  memfdHugeSize: flags("linux/memfd.h", /^MFD_HUGE_\d/),
  inotifyMask: flags("linux/inotify.h", /^IN_/, "IN_CLOSE IN_MOVE IN_ALL_EVENTS IN_CLOEXEC IN_NONBLOCK"),
  inotifyFlags: flags("linux/inotify.h", "IN_NONBLOCK IN_CLOEXEC"),
  fanotifyInitFlags: flags(
    "linux/fanotify.h",
    /^FAN_(CLOEXEC|NONBLOCK|UNLIMITED_\w+|ENABLE_AUDIT|REPORT_\w+)$/,
    "FAN_REPORT_DFID_NAME FAN_REPORT_DFID_NAME_TARGET",
  ),
  fanotifyClass: enumeration("linux/fanotify.h", "FAN_CLASS_NOTIF FAN_CLASS_CONTENT FAN_CLASS_PRE_CONTENT"),
  fanotifyMarkFlags: flags("linux/fanotify.h", /^FAN_MARK_/, "FAN_MARK_INODE FAN_MARK_IGNORE_SURV"),
  fanotifyMask: flags(
    "linux/fanotify.h",
    `FAN_ACCESS FAN_MODIFY FAN_ATTRIB FAN_CLOSE_WRITE FAN_CLOSE_NOWRITE FAN_OPEN FAN_MOVED_FROM FAN_MOVED_TO
     FAN_CREATE FAN_DELETE FAN_DELETE_SELF FAN_MOVE_SELF FAN_OPEN_EXEC FAN_Q_OVERFLOW FAN_FS_ERROR FAN_OPEN_PERM
     FAN_ACCESS_PERM FAN_OPEN_EXEC_PERM FAN_ONDIR FAN_EVENT_ON_CHILD FAN_RENAME`,
  ),
  fileSystemMagic: enumeration(
    "linux/magic.h",
    /(_MAGIC|_SUPER_MAGIC|_MAGIC_NUMBER|FUTEXFS_MAGIC)$/,
    /^(REISERFS_SUPER_MAGIC_|EXT[34]_|CIFS_|DEVMEM|BALLOON|Z3FOLD|ZSMALLOC|MTD_|STACK_END|BTRFS_TEST|NFS_PIPE)/,
  ),
  mountStatistics: flags("private:include/linux/statfs.h", /^ST_/),

  // Memory
  protection: flags("asm/mman.h", /^PROT_/),
  mmapFlags: flags(
    "linux/mman.h asm/mman.h",
    `MAP_FIXED MAP_ANONYMOUS MAP_32BIT MAP_NORESERVE MAP_POPULATE MAP_NONBLOCK MAP_GROWSDOWN MAP_DENYWRITE
     MAP_EXECUTABLE MAP_LOCKED MAP_STACK MAP_HUGETLB MAP_SYNC MAP_FIXED_NOREPLACE`,
  ),
  mmapType: enumeration("linux/mman.h", "MAP_FILE MAP_SHARED MAP_PRIVATE MAP_SHARED_VALIDATE MAP_DROPPABLE"),
  mremapFlags: flags("linux/mman.h", /^MREMAP_/),
  msyncFlags: flags("asm/mman.h", "MS_SYNC MS_ASYNC MS_INVALIDATE"),
  mlockallFlags: flags("asm/mman.h", /^MCL_/),
  mlockFlags: flags("asm/mman.h", /^MLOCK_/),
  madvice: enumeration("asm/mman.h", /^MADV_/),
  memoryPolicy: enumeration(
    "linux/mempolicy.h",
    "MPOL_DEFAULT MPOL_PREFERRED MPOL_BIND MPOL_INTERLEAVE MPOL_LOCAL MPOL_PREFERRED_MANY",
  ),
  memoryPolicyFlags: flags("linux/mempolicy.h", "MPOL_F_STATIC_NODES MPOL_F_RELATIVE_NODES MPOL_F_NUMA_BALANCING"),
  getMemoryPolicyFlags: flags("linux/mempolicy.h", "MPOL_F_NODE MPOL_F_ADDR MPOL_F_MEMS_ALLOWED"),
  bindFlags: flags("linux/mempolicy.h", "MPOL_MF_STRICT MPOL_MF_MOVE MPOL_MF_MOVE_ALL"),
  membarrierFlags: flags("linux/membarrier.h", "MEMBARRIER_CMD_FLAG_CPU"),
  membarrierCommand: enumeration(
    "linux/membarrier.h",
    `MEMBARRIER_CMD_QUERY MEMBARRIER_CMD_GLOBAL MEMBARRIER_CMD_GLOBAL_EXPEDITED MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED
     MEMBARRIER_CMD_PRIVATE_EXPEDITED MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED
     MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE
     MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ
     MEMBARRIER_CMD_GET_REGISTRATIONS`,
  ),

  // Processes, identities, limits
  cloneFlags: flags("linux/sched.h", /^CLONE_/, /^CLONE_(ARGS_SIZE_\w+|NEWTIME|CLEAR_SIGHAND|INTO_CGROUP|DETACHED)$/),
  clone3Flags: flags("linux/sched.h", /^CLONE_/, /^CLONE_(ARGS_SIZE_\w+|DETACHED)$/),
  unshareFlags: flags(
    "linux/sched.h",
    `CLONE_NEWTIME CLONE_FS CLONE_FILES CLONE_NEWNS CLONE_SYSVSEM CLONE_NEWCGROUP CLONE_NEWUTS CLONE_NEWIPC
     CLONE_NEWUSER CLONE_NEWPID CLONE_NEWNET CLONE_VM CLONE_SIGHAND CLONE_THREAD`,
  ),
  namespaceFlags: flags(
    "linux/sched.h",
    `CLONE_NEWTIME CLONE_NEWNS CLONE_NEWCGROUP CLONE_NEWUTS CLONE_NEWIPC CLONE_NEWUSER CLONE_NEWPID CLONE_NEWNET`,
  ),
  waitFlags: flags("linux/wait.h", "WNOHANG WEXITED WSTOPPED WCONTINUED WNOWAIT __WCLONE __WALL __WNOTHREAD"),
  waitidType: enumeration("linux/wait.h", "P_ALL P_PID P_PGID P_PIDFD"),
  pidfdFlags: flags("linux/pidfd.h", "PIDFD_NONBLOCK PIDFD_THREAD"),
  pidfdSignalFlags: flags("linux/pidfd.h", /^PIDFD_SIGNAL_/),
  resource: enumeration("asm/resource.h", /^RLIMIT_/),
  usageWho: enumeration("linux/resource.h", "RUSAGE_SELF RUSAGE_CHILDREN RUSAGE_THREAD"),
  priorityWho: enumeration("linux/resource.h", "PRIO_PROCESS PRIO_PGRP PRIO_USER"),
  scheduler: enumeration("linux/sched.h", /^SCHED_/, /^SCHED_(RESET_ON_FORK|FLAG_\w+)$/),
  schedulerFlags: flags("linux/sched.h", "SCHED_RESET_ON_FORK"),
  schedulerAttributeFlags: flags(
    "linux/sched.h",
    /^SCHED_FLAG_/,
    "SCHED_FLAG_KEEP_ALL SCHED_FLAG_UTIL_CLAMP SCHED_FLAG_ALL",
  ),
  prctlOption: enumeration(
    "linux/prctl.h",
    /^PR_(SET|GET|CAPBSET|TASK_PERF|MCE_KILL|MPX|CAP_AMBIENT|SVE|PAC|SCHED_CORE|SME|RISCV|PPC)(_\w+)?$/,
    /^PR_(SET_MM_\w+|SET_VMA_\w+|MCE_KILL_(CLEAR|SET|LATE|EARLY|DEFAULT)|CAP_AMBIENT_\w+|SVE_VL_\w+|SVE_SET_VL_\w+|SME_VL_\w+|SME_SET_VL_\w+|SCHED_CORE_\w+|PAC_AP\w+|RISCV_V_VSTATE_\w+|RISCV_CTX_\w+|RISCV_SCOPE_\w+|PPC_DEXCR_\w+)$/,
  ),
  memoryMapField: enumeration("linux/prctl.h", /^PR_SET_MM_/),
  mceKill: enumeration("linux/prctl.h", "PR_MCE_KILL_CLEAR PR_MCE_KILL_SET"),
  ambientOperation: enumeration("linux/prctl.h", /^PR_CAP_AMBIENT_/),
  archPrctlOption: enumeration(
    "asm/prctl.h",
    /^ARCH_/,
    /^ARCH_(SHSTK_(?!ENABLE|DISABLE|LOCK|UNLOCK|STATUS)\w+|XCOMP_TILE\w+)$/,
  ),
  secureBits: flags("linux/securebits.h", /^SECBIT_/),
  capability: enumeration("linux/capability.h", /^CAP_/, "CAP_LAST_CAP"),
  capabilityVersion: enumeration("linux/capability.h", /^_LINUX_CAPABILITY_VERSION_\d$/),
  seccompMode: enumeration("linux/seccomp.h", /^SECCOMP_MODE_/),
  seccompOperation: enumeration(
    "linux/seccomp.h",
    "SECCOMP_SET_MODE_STRICT SECCOMP_SET_MODE_FILTER SECCOMP_GET_ACTION_AVAIL SECCOMP_GET_NOTIF_SIZES",
  ),
  seccompFilterFlags: flags("linux/seccomp.h", /^SECCOMP_FILTER_FLAG_/),
  seccompAction: enumeration("linux/seccomp.h", /^SECCOMP_RET_/, /^SECCOMP_RET_(ACTION|ACTION_FULL|DATA|KILL)$/),
  futexCommand: enumeration(
    "linux/futex.h",
    /^FUTEX_/,
    /^FUTEX_(32|WAITERS|OWNER_DIED|TID_MASK|BITSET_MATCH_ANY|OP_\w+|PRIVATE_FLAG|CLOCK_REALTIME|CMD_MASK|WAITV_MAX|\w+_PRIVATE)$/,
  ),
  futexWakeOperation: enumeration("linux/futex.h", "FUTEX_OP_SET FUTEX_OP_ADD FUTEX_OP_OR FUTEX_OP_ANDN FUTEX_OP_XOR"),
  futexWakeComparison: enumeration("linux/futex.h", /^FUTEX_OP_CMP_/),
  futexFlags: flags("linux/futex.h", "FUTEX_PRIVATE_FLAG FUTEX_CLOCK_REALTIME"),
  rseqFlags: flags("linux/rseq.h", "RSEQ_FLAG_UNREGISTER"),
  kcmpType: enumeration(
    "linux/kcmp.h",
    "KCMP_FILE KCMP_VM KCMP_FILES KCMP_FS KCMP_SIGHAND KCMP_IO KCMP_SYSVSEM KCMP_EPOLL_TFD",
  ),
  rebootCommand: enumeration("linux/reboot.h", /^LINUX_REBOOT_CMD_/),
  rebootMagic: enumeration("linux/reboot.h", /^LINUX_REBOOT_MAGIC/),
  personality: enumeration("linux/personality.h", "PER_LINUX PER_LINUX32"),
  personalityFlags: flags(
    "linux/personality.h",
    `UNAME26 ADDR_NO_RANDOMIZE FDPIC_FUNCPTRS MMAP_PAGE_ZERO ADDR_COMPAT_LAYOUT READ_IMPLIES_EXEC ADDR_LIMIT_32BIT
     SHORT_INODE WHOLE_SECONDS STICKY_TIMEOUTS ADDR_LIMIT_3GB`,
  ),
  ptraceRequest: enumeration(
    "linux/ptrace.h asm/ptrace.h",
    /^PTRACE_/,
    /^PTRACE_(EVENT_\w+|O_\w+|PEEKSIGINFO_SHARED|RSEQ\w+|EVENTMSG_\w+|SYSCALL_INFO_\w+|OLDSETOPTIONS)$/,
  ),
  ioPriorityWho: enumeration("linux/ioprio.h", "IOPRIO_WHO_PROCESS IOPRIO_WHO_PGRP IOPRIO_WHO_USER"),
  keySpecial: enumeration("linux/keyctl.h", /^KEY_SPEC_/),
  keyctlCommand: enumeration(
    "linux/keyctl.h",
    /^KEYCTL_/,
    /^KEYCTL_(SUPPORTS_\w+|CAPS\w+|MOVE_EXCL)$|^KEYCTL_CAPABILITIES_/,
  ),

  // Signals
  signalAction: flags(
    "asm/signal.h",
    `SA_RESTORER SA_ONSTACK SA_RESTART SA_NODEFER SA_RESETHAND SA_SIGINFO SA_NOCLDSTOP SA_NOCLDWAIT SA_UNSUPPORTED
     SA_EXPOSE_TAGBITS`,
  ),
  signalHow: enumeration("asm/signal.h", "SIG_BLOCK SIG_UNBLOCK SIG_SETMASK"),
  signalStackFlags: flags("asm/signal.h linux/signal.h", /^SS_/, "SS_FLAG_BITS"),
  signalNotify: enumeration("asm/siginfo.h", /^SIGEV_/, "SIGEV_MAX_SIZE"),
  signalCode: enumeration("asm/siginfo.h", /^SI_/, /^SI_(MAX_SIZE|PAD_SIZE|PAD|LOAD_OVERRUN)$/),
  childCode: enumeration("asm/siginfo.h", /^CLD_/),
  signalfdFlags: flags("linux/signalfd.h", "SFD_CLOEXEC SFD_NONBLOCK"),

  // Events and time
  pollEvents: flags("asm/poll.h", /^POLL(?!_)|^POLL_BUSY_LOOP$/, "POLLFREE"),
  epollEvents: flags("linux/eventpoll.h", /^EPOLL/, /^EPOLL_/),
  epollOperation: enumeration("linux/eventpoll.h", /^EPOLL_CTL_/),
  epollFlags: flags("linux/eventpoll.h", "EPOLL_CLOEXEC"),
  eventfdFlags: flags("linux/eventfd.h", "EFD_SEMAPHORE EFD_CLOEXEC EFD_NONBLOCK"),
  timerfdFlags: flags("linux/timerfd.h", "TFD_TIMER_ABSTIME TFD_TIMER_CANCEL_ON_SET TFD_CLOEXEC TFD_NONBLOCK"),
  clock: enumeration("linux/time.h", /^CLOCK_/),
  clockFlags: flags("linux/time.h", "TIMER_ABSTIME"),
  intervalTimer: enumeration("linux/time.h", /^ITIMER_/),
  timexModes: flags("linux/timex.h", /^ADJ_/, "ADJ_OFFSET_SINGLESHOT ADJ_OFFSET_SS_READ ADJ_ADJTIME"),
  timexStatus: flags("linux/timex.h", /^STA_/, "STA_RONLY"),
  timexState: enumeration("linux/timex.h", /^TIME_/, "TIME_BAD"),

  // Sockets
  addressFamily: enumeration("private:include/linux/socket.h", /^AF_/, "AF_LOCAL AF_ROUTE AF_MAX"),
  socketType: enumeration(
    "private:include/linux/net.h",
    "SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_RDM SOCK_SEQPACKET SOCK_DCCP SOCK_PACKET",
  ),
  socketFlags: flags("linux/fcntl.h private:include/linux/net.h", "SOCK_CLOEXEC SOCK_NONBLOCK"),
  internetProtocol: enumeration(
    "linux/in.h linux/in6.h",
    /^IPPROTO_/,
    "IPPROTO_HOPOPTS IPPROTO_ROUTING IPPROTO_FRAGMENT IPPROTO_ICMPV6 IPPROTO_NONE IPPROTO_DSTOPTS IPPROTO_MH",
  ),
  internet6Protocol: enumeration("linux/in.h linux/in6.h", /^IPPROTO_/, "IPPROTO_IP"),
  netlinkProtocol: enumeration(
    "linux/netlink.h",
    `NETLINK_ROUTE NETLINK_UNUSED NETLINK_USERSOCK NETLINK_FIREWALL NETLINK_SOCK_DIAG NETLINK_NFLOG NETLINK_XFRM
     NETLINK_SELINUX NETLINK_ISCSI NETLINK_AUDIT NETLINK_FIB_LOOKUP NETLINK_CONNECTOR NETLINK_NETFILTER
     NETLINK_IP6_FW NETLINK_DNRTMSG NETLINK_KOBJECT_UEVENT NETLINK_GENERIC NETLINK_SCSITRANSPORT NETLINK_ECRYPTFS
     NETLINK_RDMA NETLINK_CRYPTO NETLINK_SMC`,
  ),
  socketLevel: enumeration("asm/socket.h private:include/linux/socket.h", /^SOL_/),
  socketOption: enumeration(
    "asm/socket.h",
    /^(SO_|SCM_TXTIME)/,
    /^SO_(GET_FILTER|TIMESTAMP|TIMESTAMPNS|TIMESTAMPING|RCVTIMEO|SNDTIMEO|DETACH_BPF|DETACH_REUSEPORT_BPF)$|^SCM_/,
  ),
  ipOption: enumeration(
    "linux/in.h",
    /^(IP_|MCAST_)/,
    /^IP_(RECVORIGDSTADDR|PMTUDISC_\w+|DEFAULT_\w+|MAX_\w+|MSFILTER_SIZE|RECVRETOPTS)$|^MCAST_(EXCLUDE|INCLUDE)$/,
  ),
  ip6Option: enumeration(
    "linux/in6.h linux/in.h",
    /^(IPV6_|MCAST_)/,
    /^IPV6_(RECVORIGDSTADDR|PMTUDISC_\w+|TLV_\w+|FL_\w+|PREFER_\w+|PRIORITY_\w+|FLOWINFO_\w+|SRCRT_\w+|RXHOPOPTS|RXDSTOPTS)$|^MCAST_(EXCLUDE|INCLUDE)$/,
  ),
  tcpOption: enumeration(
    "linux/tcp.h",
    /^TCP_/,
    /^TCP_(CM_INQ|MSS_\w+|FLAG_\w+|DATA_OFFSET|RESERVED_BITS|S_DATA_OFF\w*|CA_\w+|FASTOPEN_\w+_\w+|MD5SIG_\w+|REPAIR_(ON|OFF|OFF_NO_WP)|RECEIVE_ZEROCOPY_\w+|AO_\w+_F_\w+|AO_KEYF_\w+|AO_MAXKEYLEN|NLA_\w+|\w+_QUEUE|QUEUES_NR|NO_QUEUE)$/,
  ),
  udpOption: enumeration("linux/udp.h", /^UDP_/, /^UDP_ENCAP_/),
  packetOption: enumeration(
    "linux/if_packet.h",
    "PACKET_ADD_MEMBERSHIP PACKET_DROP_MEMBERSHIP PACKET_RECV_OUTPUT PACKET_RX_RING PACKET_STATISTICS PACKET_COPY_THRESH PACKET_AUXDATA PACKET_ORIGDEV PACKET_VERSION PACKET_HDRLEN PACKET_RESERVE PACKET_TX_RING PACKET_LOSS PACKET_VNET_HDR PACKET_TX_TIMESTAMP PACKET_TIMESTAMP PACKET_FANOUT PACKET_TX_HAS_OFF PACKET_QDISC_BYPASS PACKET_ROLLOVER_STATS PACKET_FANOUT_DATA PACKET_IGNORE_OUTGOING PACKET_VNET_HDR_SZ",
  ),
  packetType: enumeration(
    "linux/if_packet.h",
    "PACKET_HOST PACKET_BROADCAST PACKET_MULTICAST PACKET_OTHERHOST PACKET_OUTGOING PACKET_LOOPBACK PACKET_USER PACKET_KERNEL",
  ),
  netlinkOption: enumeration(
    "linux/netlink.h",
    `NETLINK_ADD_MEMBERSHIP NETLINK_DROP_MEMBERSHIP NETLINK_PKTINFO NETLINK_BROADCAST_ERROR NETLINK_NO_ENOBUFS
     NETLINK_RX_RING NETLINK_TX_RING NETLINK_LISTEN_ALL_NSID NETLINK_LIST_MEMBERSHIPS NETLINK_CAP_ACK NETLINK_EXT_ACK
     NETLINK_GET_STRICT_CHK`,
  ),
  messageFlags: flags(
    "private:include/linux/socket.h",
    /^MSG_/,
    /^MSG_(TRYHARD|SENDPAGE_\w+|EOF|INTERNAL_\w+|CMSG_COMPAT|NO_SHARED_FRAGS|SPLICE_PAGES)$/,
  ),
  shutdownHow: enumeration("private:include/linux/net.h", "SHUT_RD SHUT_WR SHUT_RDWR"),
  controlType: enumeration(
    "private:include/linux/socket.h asm/socket.h",
    "SCM_RIGHTS SCM_CREDENTIALS SCM_SECURITY SCM_PIDFD SO_TIMESTAMP_OLD SO_TIMESTAMPNS_OLD SO_TIMESTAMPING_OLD SO_TIMESTAMP_NEW SO_TIMESTAMPNS_NEW SO_TIMESTAMPING_NEW",
  ),
  timestampingFlags: flags("linux/net_tstamp.h", /^SOF_TIMESTAMPING_/, "SOF_TIMESTAMPING_LAST SOF_TIMESTAMPING_MASK"),
  etherProtocol: enumeration("linux/if_ether.h", /^ETH_P_/, "ETH_P_802_3_MIN"),
  interfaceFlags: flags("linux/if.h", /^IFF_/),
  hardwareType: enumeration("linux/if_arp.h", /^ARPHRD_/, "ARPHRD_HDLC"),

  // Mounts
  mountFlags: flags(
    "linux/mount.h",
    /^MS_/,
    /^MS_(RMT_MASK|MGC_\w+|VERBOSE|NOSEC|BORN|ACTIVE|SUBMOUNT|NOREMOTELOCK|NOUSER|KERNMOUNT|I_VERSION)$/,
  ),
  unmountFlags: flags("private:include/linux/fs.h", "MNT_FORCE MNT_DETACH MNT_EXPIRE UMOUNT_NOFOLLOW"),
  mountAttributes: flags("linux/mount.h", /^MOUNT_ATTR_/, /^MOUNT_ATTR_(_ATIME|RELATIME|SIZE_VER0)$/),
  openTreeFlags: flags(
    "linux/mount.h linux/fcntl.h",
    "OPEN_TREE_CLONE OPEN_TREE_CLOEXEC AT_SYMLINK_NOFOLLOW AT_NO_AUTOMOUNT AT_EMPTY_PATH AT_RECURSIVE",
  ),
  moveMountFlags: flags("linux/mount.h", /^MOVE_MOUNT_/, "MOVE_MOUNT__MASK"),
  fsopenFlags: flags("linux/mount.h", /^FSOPEN_/),
  fsmountFlags: flags("linux/mount.h", /^FSMOUNT_/),
  fspickFlags: flags("linux/mount.h", /^FSPICK_/),
  fsconfigCommand: enumeration(
    "linux/mount.h",
    `FSCONFIG_SET_FLAG FSCONFIG_SET_STRING FSCONFIG_SET_BINARY FSCONFIG_SET_PATH FSCONFIG_SET_PATH_EMPTY
     FSCONFIG_SET_FD FSCONFIG_CMD_CREATE FSCONFIG_CMD_RECONFIGURE FSCONFIG_CMD_CREATE_EXCL`,
  ),
  swapFlags: flags(
    "private:include/linux/swap.h",
    "SWAP_FLAG_PREFER SWAP_FLAG_DISCARD SWAP_FLAG_DISCARD_ONCE SWAP_FLAG_DISCARD_PAGES",
  ),

  // Other
  randomFlags: flags("linux/random.h", /^GRND_/),
  landlockFileAccess: flags("linux/landlock.h", /^LANDLOCK_ACCESS_FS_/),
  landlockNetworkAccess: flags("linux/landlock.h", /^LANDLOCK_ACCESS_NET_/),
  landlockScope: flags("linux/landlock.h", /^LANDLOCK_SCOPE_/),
  landlockCreateFlags: flags("linux/landlock.h", /^LANDLOCK_CREATE_RULESET_/),
  landlockRule: enumeration("linux/landlock.h", "LANDLOCK_RULE_PATH_BENEATH LANDLOCK_RULE_NET_PORT"),
  uringSetupFlags: flags("linux/io_uring.h", /^IORING_SETUP_/),
  uringEnterFlags: flags("linux/io_uring.h", /^IORING_ENTER_/),
  uringFeatures: flags("linux/io_uring.h", /^IORING_FEAT_/),
  uringRegister: enumeration(
    "linux/io_uring.h",
    `IORING_REGISTER_BUFFERS IORING_UNREGISTER_BUFFERS IORING_REGISTER_FILES IORING_UNREGISTER_FILES
     IORING_REGISTER_EVENTFD IORING_UNREGISTER_EVENTFD IORING_REGISTER_FILES_UPDATE IORING_REGISTER_EVENTFD_ASYNC
     IORING_REGISTER_PROBE IORING_REGISTER_PERSONALITY IORING_UNREGISTER_PERSONALITY IORING_REGISTER_RESTRICTIONS
     IORING_REGISTER_ENABLE_RINGS IORING_REGISTER_FILES2 IORING_REGISTER_FILES_UPDATE2 IORING_REGISTER_BUFFERS2
     IORING_REGISTER_BUFFERS_UPDATE IORING_REGISTER_IOWQ_AFF IORING_UNREGISTER_IOWQ_AFF
     IORING_REGISTER_IOWQ_MAX_WORKERS IORING_REGISTER_RING_FDS IORING_UNREGISTER_RING_FDS IORING_REGISTER_PBUF_RING
     IORING_UNREGISTER_PBUF_RING IORING_REGISTER_SYNC_CANCEL IORING_REGISTER_FILE_ALLOC_RANGE
     IORING_REGISTER_PBUF_STATUS IORING_REGISTER_NAPI IORING_UNREGISTER_NAPI IORING_REGISTER_CLOCK
     IORING_REGISTER_CLONE_BUFFERS`,
  ),
  bpfCommand: enumeration(
    "linux/bpf.h",
    `BPF_MAP_CREATE BPF_MAP_LOOKUP_ELEM BPF_MAP_UPDATE_ELEM BPF_MAP_DELETE_ELEM BPF_MAP_GET_NEXT_KEY BPF_PROG_LOAD
     BPF_OBJ_PIN BPF_OBJ_GET BPF_PROG_ATTACH BPF_PROG_DETACH BPF_PROG_TEST_RUN BPF_PROG_GET_NEXT_ID
     BPF_MAP_GET_NEXT_ID BPF_PROG_GET_FD_BY_ID BPF_MAP_GET_FD_BY_ID BPF_OBJ_GET_INFO_BY_FD BPF_PROG_QUERY
     BPF_RAW_TRACEPOINT_OPEN BPF_BTF_LOAD BPF_BTF_GET_FD_BY_ID BPF_TASK_FD_QUERY BPF_MAP_LOOKUP_AND_DELETE_ELEM
     BPF_MAP_FREEZE BPF_BTF_GET_NEXT_ID BPF_MAP_LOOKUP_BATCH BPF_MAP_LOOKUP_AND_DELETE_BATCH BPF_MAP_UPDATE_BATCH
     BPF_MAP_DELETE_BATCH BPF_LINK_CREATE BPF_LINK_UPDATE BPF_LINK_GET_FD_BY_ID BPF_LINK_GET_NEXT_ID
     BPF_ENABLE_STATS BPF_ITER_CREATE BPF_LINK_DETACH BPF_PROG_BIND_MAP BPF_TOKEN_CREATE`,
  ),
  ipcFlags: flags("linux/ipc.h", "IPC_CREAT IPC_EXCL IPC_NOWAIT"),
  ipcCommand: enumeration("linux/ipc.h", "IPC_RMID IPC_SET IPC_STAT IPC_INFO"),
  sharedMemoryFlags: flags("linux/shm.h", "SHM_RDONLY SHM_RND SHM_REMAP SHM_EXEC"),
  sharedMemoryGetFlags: flags("linux/shm.h linux/ipc.h", "IPC_CREAT IPC_EXCL SHM_HUGETLB SHM_NORESERVE"),
  perfFlags: flags("linux/perf_event.h", /^PERF_FLAG_/),
  userfaultFlags: flags("linux/userfaultfd.h linux/fcntl.h", "UFFD_USER_MODE_ONLY O_NONBLOCK O_CLOEXEC"),
  moduleRemoveFlags: flags("linux/fcntl.h", "O_NONBLOCK O_TRUNC"),
  moduleFlags: flags("linux/module.h", /^MODULE_INIT_/),
  terminalInput: flags(
    "asm/termbits.h",
    `IGNBRK BRKINT IGNPAR PARMRK INPCK ISTRIP INLCR IGNCR ICRNL IUCLC IXON IXANY IXOFF IMAXBEL IUTF8`,
  ),
  terminalNewline: enumeration("asm/termbits.h", "NL0 NL1"),
  terminalReturn: enumeration("asm/termbits.h", "CR0 CR1 CR2 CR3"),
  terminalTab: enumeration("asm/termbits.h", "TAB0 TAB1 TAB2 XTABS"),
  terminalBackspace: enumeration("asm/termbits.h", "BS0 BS1"),
  terminalVertical: enumeration("asm/termbits.h", "VT0 VT1"),
  terminalFormFeed: enumeration("asm/termbits.h", "FF0 FF1"),
  terminalOutput: flags("asm/termbits.h", "OPOST OLCUC ONLCR OCRNL ONOCR ONLRET OFILL OFDEL"),
  terminalSpeed: enumeration("asm/termbits.h", /^B\d+$/),
  terminalSize: enumeration("asm/termbits.h", "CS5 CS6 CS7 CS8"),
  terminalControl: flags("asm/termbits.h", "CSTOPB CREAD PARENB PARODD HUPCL CLOCAL CMSPAR CRTSCTS"),
  terminalLocal: flags(
    "asm/termbits.h",
    `ISIG ICANON XCASE ECHO ECHOE ECHOK ECHONL NOFLSH IEXTEN ECHOCTL ECHOPRT ECHOKE FLUSHO PENDIN TOSTOP EXTPROC`,
  ),
  ioctlRequest: enumeration(
    "stddef.h asm/termbits.h linux/if.h linux/serial.h linux/fiemap.h linux/blktrace_api.h asm/ioctls.h linux/sockios.h linux/fs.h linux/random.h linux/if_tun.h linux/tty.h linux/fsverity.h linux/rtc.h linux/loop.h linux/nsfs.h linux/pidfd.h linux/kvm.h linux/vt.h linux/kd.h linux/userfaultfd.h linux/fscrypt.h linux/perf_event.h linux/seccomp.h linux/blkdev.h",
    /^(TC[GSXF][A-Z]+\d?|TCSBRK|TCSBRKP|TIOC[A-Z0-9_]+|FIO[A-Z]+|SIOC[A-Z0-9_]+|BLK[A-Z0-9]+|FI[A-Z]+|FS_IOC_\w+|RND[A-Z]+|TUN[SG]ET\w+|TUNATTACH\w*|TUNDETACH\w*|NS_GET_\w+|LOOP_\w+|SECCOMP_IOCTL_\w+|PERF_EVENT_IOC_\w+)$/,
    /^(TCSADRAIN|TCSAFLUSH|TCSANOW|TIOCINQ|TIOCM_\w+|TIOCPKT_\w+|TIOCSER_TEMT|FIQSIZE|SIOCDEVPRIVATE|SIOCPROTOPRIVATE|SIOCGSTAMP(NS)?|SIOC_IOC_TYPE|SIOCINQ|SIOCOUTQ|LOOP_(SET_STATUS_\w+_FLAGS|CONFIGURE_\w+_FLAGS|CTL_\w+)|FS_IOC_GETVERSION32|FS_IOC_SETVERSION32|FS_IOC32_\w+|FS_IOC_(GET|SET)_ENCRYPTION_\w+|PERF_EVENT_IOC_FLAGS\w*|FS_VERITY\w*|FITHAW_|BLKROSET_|TUN_\w+|SECCOMP_IOCTL_NOTIF_(?!RECV$|SEND$|ID_VALID$|ADDFD$|SET_FLAGS$)\w+)$/,
  ),
};
