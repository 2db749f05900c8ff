/*
 * Answers getpgid with 4242 by seccomp user notifications (seccomp_unotify(2)): the kernel's own
 * way for one process to answer another's calls, in its cheapest form. The filter
 * notifies for this one call, the loop does nothing else, and where the kernel has it (6.6) the
 * two are scheduled as one (SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP).
 *
 *     seccomp-notify PROGRAM ARGUMENTS...
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static int install(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgid, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof code / sizeof *code, code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) fail("no_new_privs");
  int listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
  if (listener < 0) fail("seccomp");
  return listener;
}

/* The listener goes from the filtered process to the answering one. */
static void send_descriptor(int socket, int descriptor) {
  char byte = 0, control[CMSG_SPACE(sizeof descriptor)] = {0};
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *head = CMSG_FIRSTHDR(&message);
  *head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof descriptor), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
  if (sendmsg(socket, &message, 0) != 1) fail("sendmsg");
}

static int receive_descriptor(int socket) {
  int descriptor;
  char byte, control[CMSG_SPACE(sizeof descriptor)];
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg(socket, &message, 0) != 1) fail("recvmsg");
  memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof descriptor);
  return descriptor;
}

static void on_child(int signal) {
  int status;
  (void)signal;
  if (wait(&status) > 0) _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int main(int argc, char **argv) {
  int pair[2];
  if (argc < 2) return 2;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) fail("socketpair");
  signal(SIGCHLD, on_child);
  if (fork() == 0) {
    int listener = install();
    send_descriptor(pair[1], listener);
    close(listener);
    execvp(argv[1], argv + 1);
    fail(argv[1]);
  }
  int listener = receive_descriptor(pair[0]);
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
  /* As large as this kernel's may be. */
  union { struct seccomp_notif it; char room[512]; } asked;
  union { struct seccomp_notif_resp it; char room[512]; } answer;
  for (;;) {
    memset(&asked, 0, sizeof asked);
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked.it)) {
      if (errno == EINTR || errno == ENOENT) continue;
      fail("receive");
    }
    memset(&answer, 0, sizeof answer);
    answer.it.id = asked.it.id;
    answer.it.val = 4242;
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer.it) && errno != ENOENT) fail("send");
  }
}
