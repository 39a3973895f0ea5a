/*
 * Subscribers and a publisher in one process, which adds as little as it can to what the server costs.
 *
 *     fan_out measure PATH SUBSCRIBERS EVENTS BURST SUBSCRIBE PUBLISH ASKED
 *     fan_out last PATH SUBSCRIBERS EVENTS SUBSCRIBE ASKED
 *     fan_out hold PATH SUBSCRIBERS SUBSCRIBE
 *
 * `measure` subscribes, then publishes EVENTS events, BURST in one write, the last of them with the line ASKED, which is
 * answered; each answer is followed by the next burst, and two are on their way at any time, so that the server never waits
 * for the publisher. It ends when every subscriber has every event, and prints one line of JSON.
 * `last` publishes one event at a time, waits until every subscriber has it, and prints how long that takes at the median.
 * `hold` subscribes, prints a line, and reads until it is killed.
 * SUBSCRIBE may be several lines, which the subscribers take in turn.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
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

static long lines_in(const char *bytes, size_t length) {
  long lines = 0;
  for (const char *end = bytes + length; (bytes = memchr(bytes, '\n', end - bytes)) != NULL; bytes++) lines++;
  return lines;
}

static void write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t taken = write(fd, bytes, length);
    if (taken < 0) fail("write");
    bytes += taken;
    length -= taken;
  }
}

/* The lines that came, after at least one; ends the process when the server has closed. */
static long read_lines(int fd) {
  ssize_t got = read(fd, buffer, sizeof buffer);
  if (got <= 0) fail("read");
  long lines = lines_in(buffer, got);
  if (memmem(buffer, got, "\"lagged\"", 8) != NULL) {
    fprintf(stderr, "a subscriber lagged\n");
    exit(1);
  }
  return lines;
}

static int connect_to(const char *path) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  strncpy(at.sun_path, path, sizeof at.sun_path - 1);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *)&at, sizeof at) < 0) fail("connect");
  return fd;
}

static int subscribe(const char *path, const char *line) {
  int fd = connect_to(path);
  write_all(fd, line, strlen(line));
  write_all(fd, "\n", 1);
  while (read_lines(fd) == 0) {
  }
  return fd;
}

/* The line of subscriber `number`. */
static const char *line_for(const char *lines, unsigned number) {
  static char line[4096];
  unsigned count = lines_in(lines, strlen(lines)) + 1;
  for (number %= count; number > 0; number--) lines = strchr(lines, '\n') + 1;
  size_t length = strcspn(lines, "\n");
  if (length >= sizeof line) exit(2);
  memcpy(line, lines, length);
  line[length] = 0;
  return line;
}

static int watch(int poll, int fd, unsigned number) {
  struct epoll_event event = {.events = EPOLLIN, .data = {.u32 = number}};
  if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
  return fd;
}

static void hold(const char *path, unsigned subscribers, const char *line) {
  int poll = epoll_create1(0);
  int *fds = malloc(sizeof(int) * subscribers);
  for (unsigned i = 0; i < subscribers; i++) fds[i] = watch(poll, subscribe(path, line_for(line, i)), i);
  printf("subscribed\n");
  fflush(stdout);
  for (;;) {
    struct epoll_event ready;
    if (epoll_wait(poll, &ready, 1, -1) == 1) read_lines(fds[ready.data.u32]);
  }
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void last(const char *path, unsigned subscribers, long events, const char *filters, const char *asked) {
  int poll = epoll_create1(0);
  int *fds = malloc(sizeof(int) * (subscribers + 1));
  for (unsigned i = 0; i < subscribers; i++) fds[i] = watch(poll, subscribe(path, line_for(filters, i)), i);
  int publisher = fds[subscribers] = watch(poll, connect_to(path), subscribers);
  size_t size = strlen(asked) + 1;
  char *batch = malloc(size);
  memcpy(batch, asked, size - 1);
  batch[size - 1] = '\n';
  double *times = malloc(sizeof(double) * events);
  for (long event = 0; event < events; event++) {
    double begun = now_us();
    write_all(publisher, batch, size);
    times[event] = 0;
    for (long wanted = subscribers, answers = 1; wanted > 0 || answers > 0;) {
      struct epoll_event ready[256];
      int count = epoll_wait(poll, ready, 256, -1);
      for (int i = 0; i < count; i++) {
        unsigned number = ready[i].data.u32;
        long lines = read_lines(fds[number]);
        if (number == subscribers) answers -= lines;
        else if ((wanted -= lines) == 0) times[event] = now_us() - begun;
      }
    }
  }
  qsort(times, events, sizeof(double), by_size);
  printf("{\"lastMicroseconds\":%.1f}\n", times[events / 2]);
}

int main(int argc, char **argv) {
  struct rlimit files = {65536, 65536};
  setrlimit(RLIMIT_NOFILE, &files);
  if (argc == 5 && strcmp(argv[1], "hold") == 0) hold(argv[2], atoi(argv[3]), argv[4]);
  if (argc == 7 && strcmp(argv[1], "last") == 0) {
    last(argv[2], atoi(argv[3]), atol(argv[4]), argv[5], argv[6]);
    return 0;
  }
  if (argc != 9) return 2;
  unsigned subscribers = atoi(argv[3]);
  long events = atol(argv[4]), burst = atol(argv[5]);
  const char *line = argv[7], *asked = argv[8];
  int poll = epoll_create1(0);
  int *fds = malloc(sizeof(int) * (subscribers + 1));
  for (unsigned i = 0; i < subscribers; i++) fds[i] = watch(poll, subscribe(argv[2], line_for(argv[6], i)), i);
  int publisher = fds[subscribers] = watch(poll, connect_to(argv[2]), subscribers);
  size_t length = strlen(line) + 1, size = length * (burst - 1) + strlen(asked) + 1;
  char *batch = malloc(size);
  for (long i = 0; i < burst - 1; i++) {
    memcpy(batch + i * length, line, length - 1);
    batch[(i + 1) * length - 1] = '\n';
  }
  memcpy(batch + size - strlen(asked) - 1, asked, strlen(asked));
  batch[size - 1] = '\n';
  long published = 0, delivered = 0;
  double begun = now_us(), answered = 0;
  for (; published < 2 * burst; published += burst) write_all(publisher, batch, size);
  while (delivered < events * subscribers) {
    struct epoll_event ready[256];
    int count = epoll_wait(poll, ready, 256, -1);
    for (int i = 0; i < count; i++) {
      unsigned number = ready[i].data.u32;
      long lines = read_lines(fds[number]);
      if (number < subscribers) delivered += lines;
      else if (published < events) {
        write_all(publisher, batch, size);
        published += burst;
      } else answered = now_us();
    }
  }
  double seconds = (now_us() - begun) / 1e6;
  if (answered == 0) answered = now_us();
  printf("{\"deliveries\":%.0f,\"publishMicroseconds\":%.2f}\n", delivered / seconds, (answered - begun) / events);
  return 0;
}
