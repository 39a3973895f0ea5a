/* Writes lines of 100 bytes at a pace: `lines PER_SECOND SECONDS`. Each begins with its number and the time of its writing in
 * nanoseconds since 1970; so many as are due go in one write, as a program's buffered output does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  double rate = atof(argv[1]);
  long total = (long)(rate * atof(argv[2])), sent = 0;
  static char buffer[100 * 4096];
  long long begun = now(CLOCK_MONOTONIC);
  while (sent < total) {
    long due = (long)((now(CLOCK_MONOTONIC) - begun) / 1e9 * rate) + 1;
    long count = 0;
    while (sent < due && sent < total && count < 4096) {
      char *line = buffer + 100 * count++;
      int length = snprintf(line, 100, "%ld %lld ", sent++, now(CLOCK_REALTIME));
      memset(line + length, 'x', 99 - length);
      line[99] = '\n';
    }
    for (long at = 0; at < 100 * count;) {
      ssize_t written = write(1, buffer + at, 100 * count - at);
      if (written < 0) return 1;
      at += written;
    }
    struct timespec pause = {0, rate > 10000 ? 1000000 : (long)(1e9 / rate / 2)};
    nanosleep(&pause, 0);
  }
  return 0;
}
