/*
 * A tool for the tests, under whatever name it was installed: prints its name and each argument in brackets.
 *
 *   --exit=N     ends with N
 *   --sleep ...  prints "sleeps", waits to be ended
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

int main(int argc, char **argv) {
  char path[MAX_PATH];
  const char *name;
  int code = 0;
  GetModuleFileNameA(NULL, path, sizeof path);
  name = strrchr(path, '\\') + 1;
  printf("%.*s", (int)strcspn(name, "."), name);
  for (int i = 1; i < argc; i++) {
    printf(" [%s]", argv[i]);
    if (strncmp(argv[i], "--exit=", 7) == 0) code = atoi(argv[i] + 7);
  }
  printf("\n");
  if (argc > 1 && strcmp(argv[1], "--sleep") == 0) {
    puts("sleeps");
    fflush(stdout);
    Sleep(INFINITE);
  }
  return code;
}
