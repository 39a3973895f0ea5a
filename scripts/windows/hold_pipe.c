/*
 * What other programs can do to a pipe, for the tests:
 *
 *   hold_pipe exclusive PATH   exits 0 when the system refuses a second first instance, 1 when it does not (Wine 8)
 *   hold_pipe taken PATH       has the pipe in another direction, so that the system refuses every further instance as it
 *                              refuses a second first one; prints "held", waits to be killed
 *   hold_pipe impostor PATH    has the pipe, and answers whoever connects with bytes that prove nothing; prints "held"
 *   hold_pipe stranger PATH    connects without a handshake; exits 0 when it was dropped without having been sent a byte
 */
#include <stdio.h>
#include <string.h>
#include <windows.h>

static HANDLE instance(const char *path, DWORD mode) {
  return CreateNamedPipeA(path, mode, PIPE_TYPE_BYTE | PIPE_WAIT, PIPE_UNLIMITED_INSTANCES, 65536, 65536, 0, NULL);
}

static void held(void) {
  puts("held");
  fflush(stdout);
}

static int exclusive(const char *path) {
  DWORD mode = PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE;
  if (instance(path, mode) == INVALID_HANDLE_VALUE) return 2;
  return instance(path, mode) == INVALID_HANDLE_VALUE && GetLastError() == ERROR_ACCESS_DENIED ? 0 : 1;
}

static int taken(const char *path) {
  if (instance(path, PIPE_ACCESS_INBOUND) == INVALID_HANDLE_VALUE) return 2;
  held();
  Sleep(INFINITE);
  return 0;
}

static int impostor(const char *path) {
  HANDLE pipe = instance(path, PIPE_ACCESS_DUPLEX);
  char bytes[64] = {0};
  DWORD count;
  if (pipe == INVALID_HANDLE_VALUE) return 2;
  held();
  ConnectNamedPipe(pipe, NULL);
  WriteFile(pipe, bytes, sizeof bytes, &count, NULL);
  while (ReadFile(pipe, bytes, sizeof bytes, &count, NULL)) {}
  return 0;
}

static int stranger(const char *path) {
  static const char request[] = "{\"type\":\"request\",\"id\":\"1\",\"method\":\"daemon.ping\"}\n";
  HANDLE pipe = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  char byte;
  DWORD count = 0;
  if (pipe == INVALID_HANDLE_VALUE) return 2;
  if (!WriteFile(pipe, request, sizeof request - 1, &count, NULL)) return 3;
  return ReadFile(pipe, &byte, 1, &count, NULL) && count > 0 ? 1 : 0;
}

int main(int argc, char **argv) {
  if (argc != 3) return 64;
  if (strcmp(argv[1], "exclusive") == 0) return exclusive(argv[2]);
  if (strcmp(argv[1], "taken") == 0) return taken(argv[2]);
  if (strcmp(argv[1], "impostor") == 0) return impostor(argv[2]);
  if (strcmp(argv[1], "stranger") == 0) return stranger(argv[2]);
  return 64;
}
