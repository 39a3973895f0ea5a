/*
 * The floor under every round trip over a unix socket, and a client that adds next to nothing of its own.
 *
 *     echo serve PATH                        writes back whatever it reads
 *     echo call PATH COUNT WINDOW MESSAGE    COUNT messages of one line each, WINDOW of them in flight
 *     echo churn PATH COUNT MESSAGE          COUNT connections, one after the other, a message and its answer on each
 *
 * `call` prints one line of JSON: p50 and p99 in microseconds (with a window of 1), and messages per second.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 20];

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t taken = write(fd, bytes, length);
    if (taken < 0) fail("write");
    bytes += taken;
    length -= taken;
  }
}

static struct sockaddr_un address(const char *path) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  strncpy(at.sun_path, path, sizeof at.sun_path - 1);
  return at;
}

static void serve(const char *path) {
  struct sockaddr_un at = address(path);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0) fail("bind");
  if (listen(listener, 16) < 0) fail("listen");
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) fail("accept");
    for (;;) {
      ssize_t got = read(fd, buffer, sizeof buffer);
      if (got <= 0) break;
      write_all(fd, buffer, got);
    }
    close(fd);
  }
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static long lines_in(const char *bytes, size_t length) {
  long lines = 0;
  for (const char *end = bytes + length; (bytes = memchr(bytes, '\n', end - bytes)) != NULL; bytes++) lines++;
  return lines;
}

static void call(const char *path, long count, long window, const char *text) {
  struct sockaddr_un at = address(path);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *)&at, sizeof at) < 0) fail("connect");
  size_t length = strlen(text) + 1;
  char *batch = malloc(length * window);
  for (long i = 0; i < window; i++) {
    memcpy(batch + i * length, text, length - 1);
    batch[(i + 1) * length - 1] = '\n';
  }
  double *times = malloc(sizeof(double) * count);
  long sent = window, answered = 0;
  double begun = now_us(), last = begun;
  write_all(fd, batch, length * window);
  while (answered < count) {
    ssize_t got = read(fd, buffer, sizeof buffer);
    if (got <= 0) fail("read");
    long lines = lines_in(buffer, got);
    if (window == 1 && lines == 1) {
      double at_now = now_us();
      times[answered] = at_now - last;
      last = at_now;
    }
    answered += lines;
    long more = lines < count - sent ? lines : count - sent;
    if (more > 0) {
      write_all(fd, batch, length * more);
      sent += more;
    }
  }
  double seconds = (now_us() - begun) / 1e6;
  double p50 = 0, p99 = 0;
  if (window == 1) {
    qsort(times, count, sizeof(double), by_value);
    p50 = times[count / 2];
    p99 = times[count * 99 / 100];
  }
  printf("{\"p50\":%.2f,\"p99\":%.2f,\"perSecond\":%.0f}\n", p50, p99, count / seconds);
}

static void churn(const char *path, long count, const char *text) {
  struct sockaddr_un at = address(path);
  char line[1024];
  int length = snprintf(line, sizeof line, "%s\n", text);
  double begun = now_us();
  for (long i = 0; i < count; i++) {
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&at, sizeof at) < 0) fail("connect");
    write_all(fd, line, length);
    if (read(fd, buffer, sizeof buffer) <= 0) fail("read");
    close(fd);
  }
  printf("{\"perSecond\":%.0f}\n", count / ((now_us() - begun) / 1e6));
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "serve") == 0) serve(argv[2]);
  else if (argc == 6 && strcmp(argv[1], "call") == 0) call(argv[2], atol(argv[3]), atol(argv[4]), argv[5]);
  else if (argc == 5 && strcmp(argv[1], "churn") == 0) churn(argv[2], atol(argv[3]), argv[4]);
  else return 2;
  return 0;
}
