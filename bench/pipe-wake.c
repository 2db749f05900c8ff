/*
 * Two processes that wake each other through pipes: the reference for "one call after some
 * quiet". The first sleeps, writes a byte, and waits for the byte that the second writes
 * as soon as it wakes: two wake-ups, as when a program asks and a supervisor answers.
 *
 *     pipe-wake ROUNDS QUIET_MS    prints one line of JSON, nanoseconds
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int rounds = atoi(argv[1]), there[2], back[2];
  struct timespec quiet = {0, atol(argv[2]) * 1000000L};
  double *times = calloc(rounds, sizeof *times);
  char byte = 0;
  if (rounds < 1 || !times || pipe(there) || pipe(back)) return 1;
  if (fork() == 0) {
    close(there[1]);
    while (read(there[0], &byte, 1) == 1)
      if (write(back[1], &byte, 1) != 1) break;
    _exit(0);
  }
  for (int i = 0; i < rounds; i++) {
    nanosleep(&quiet, NULL);
    double start = now();
    if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) return 1;
    times[i] = now() - start;
  }
  qsort(times, rounds, sizeof *times, ascending);
  printf("{\"p50\":%.0f,\"p90\":%.0f,\"p99\":%.0f}\n", times[(rounds - 1) / 2], times[(int)((rounds - 1) * 0.9)],
         times[(int)((rounds - 1) * 0.99)]);
  return 0;
}
