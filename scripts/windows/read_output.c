/*
 * Runs a command as a program does that wants to read all it prints: stdout and stderr are pipes of this program's, and
 * so is a third one, which the command is handed without knowing it.
 *
 *   read_output COMMAND [ARG...]   copies what the command prints; exits with its exit code once the command and all that
 *                                  holds one of the three pipes have ended
 */
#include <stdio.h>
#include <string.h>
#include <windows.h>

enum { PIPES = 3 };

/* The first word of the own command line, which has no escapes in these tests, is left out. */
static char *own_arguments(void) {
  char *text = GetCommandLineA();
  char end = *text == '"' ? '"' : ' ';
  text = strchr(text + 1, end);
  if (text == NULL) return NULL;
  text++;
  while (*text == ' ') text++;
  return *text == '\0' ? NULL : text;
}

static DWORD WINAPI copy(void *from) {
  char bytes[4096];
  DWORD count;
  while (ReadFile(from, bytes, sizeof bytes, &count, NULL) && count > 0) {
    fwrite(bytes, 1, count, stdout);
    fflush(stdout);
  }
  return 0;
}

int main(void) {
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
  STARTUPINFOA startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
  PROCESS_INFORMATION process;
  HANDLE readers[PIPES], reading[PIPES], writers[PIPES];
  DWORD code = 1;
  char *command = own_arguments();
  if (command == NULL) return 64;
  for (int i = 0; i < PIPES; i++) {
    if (!CreatePipe(&readers[i], &writers[i], &inherited, 0)) return 65;
    SetHandleInformation(readers[i], HANDLE_FLAG_INHERIT, 0);
  }
  startup.hStdOutput = writers[0];
  startup.hStdError = writers[1];
  if (!CreateProcessA(NULL, command, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process)) return 66;
  for (int i = 0; i < PIPES; i++) {
    CloseHandle(writers[i]);
    reading[i] = CreateThread(NULL, 0, copy, readers[i], 0, NULL);
  }
  WaitForMultipleObjects(PIPES, reading, TRUE, INFINITE);
  WaitForSingleObject(process.hProcess, INFINITE);
  GetExitCodeProcess(process.hProcess, &code);
  return (int)code;
}
