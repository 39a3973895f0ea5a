/**
 * Another user of the machine, and what that user could have put in the daemon's way. Needs root, to become
 * that user.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { DaemonSandbox } from "./daemon_sandbox.ts";
import { binary, hasProgram } from "./support.ts";

const OTHER = 65534;
const ignore = Deno.build.os !== "linux" || Deno.uid() !== 0 || !hasProgram("setpriv") ||
  !hasProgram("python3");

interface Trap {
  name: string;
  reason: string;
  /** Gives what takes the trap away again, where it is more than files. */
  prepare(directory: string, socket: string): Promise<Disposable> | undefined;
}

const TRAPS: readonly Trap[] = [
  {
    name: "a runtime directory of another user's making",
    reason: `belongs to user ${OTHER}`,
    prepare(directory) {
      mkdirSync(directory, { mode: 0o700 });
      chownSync(directory, OTHER, OTHER);
      return undefined;
    },
  },
  {
    name: "a runtime directory that is a link",
    reason: "symbolic link",
    prepare(directory) {
      mkdirSync(`${directory}-of-theirs`, { mode: 0o700 });
      symlinkSync(`${directory}-of-theirs`, directory);
      return undefined;
    },
  },
  {
    name: "a runtime directory that is open to all",
    reason: "its mode is 0777",
    prepare(directory) {
      mkdirSync(directory);
      chmodSync(directory, 0o777);
      return undefined;
    },
  },
  {
    name: "a lock that is a link to a file of the user's",
    reason: "not a regular file",
    prepare(directory, socket) {
      mkdirSync(directory, { mode: 0o700 });
      writeFileSync(`${directory}-victim`, "precious");
      symlinkSync(`${directory}-victim`, `${socket}.lock`);
      return undefined;
    },
  },
  {
    name: "a socket of another user's",
    reason: `belongs to user ${OTHER}`,
    async prepare(directory, socket) {
      mkdirSync(directory, { mode: 0o700 });
      const foreign = createServer();
      await new Promise<void>((resolve) => foreign.listen(socket, resolve));
      chownSync(socket, OTHER, OTHER);
      return { [Symbol.dispose]: () => void foreign.close() };
    },
  },
];

for (const umask of ["000", "022", "077"]) {
  for (const { name, reason, prepare } of TRAPS) {
    Deno.test({
      name: `daemon start refuses ${name}, umask ${umask}`,
      ignore,
      fn: async () => {
        await using daemon = await DaemonSandbox.create(binary);
        const directory = join(daemon.socket, "..");
        using _ = await prepare(directory, daemon.socket);
        const { code, stderr } = await daemon.sandbox.shell(binary, `umask ${umask}; haft daemon start`);
        assertEquals(code === 0, false);
        assertStringIncludes(stderr, reason);
        const victim = `${directory}-victim`;
        if (lstatSync(victim, { throwIfNoEntry: false })) {
          assertEquals(readFileSync(victim, "utf8"), "precious");
        }
      },
    });
  }

  Deno.test({
    name: `another user cannot connect to the daemon, umask ${umask}`,
    ignore,
    fn: async () => {
      await using daemon = await DaemonSandbox.create(binary);
      const { code } = await daemon.sandbox.shell(binary, `umask ${umask}; haft daemon start`);
      assertEquals(code, 0);
      // So that nothing but haft's own directory and socket is in the way.
      for (const path of [daemon.sandbox.root, join(daemon.sandbox.root, "run")]) chmodSync(path, 0o755);
      const connect = `import socket; socket.socket(socket.AF_UNIX).connect(${
        JSON.stringify(daemon.socket)
      })`;
      const argv = [`--reuid=${OTHER}`, `--regid=${OTHER}`, "--clear-groups", "python3", "-c", connect];
      const { status, stderr } = spawnSync("setpriv", argv, {
        encoding: "utf8",
        cwd: "/",
        // A python of root's own cannot be run by others.
        env: daemon.sandbox.environment(),
      });
      assertEquals(status, 1);
      assertStringIncludes(stderr, "PermissionError");
    },
  });
}

Deno.test({
  name: "in a HOME that lets nobody in every command says so, and how it has a HOME of its own",
  ignore,
  fn: async () => {
    await using sandbox = await DaemonSandbox.create(binary);
    const home = join(sandbox.sandbox.root, "closed");
    mkdirSync(home, { mode: 0o700 });
    chmodSync(sandbox.sandbox.root, 0o755);
    const haft = join(sandbox.sandbox.root, "haft");
    copyFileSync(binary.argv[0] ?? "", haft);
    for (const args of [["ls"], ["app", "status"], ["config"], ["trust"]]) {
      const { status, stdout, stderr } = spawnSync(
        "setpriv",
        [`--reuid=${OTHER}`, `--regid=${OTHER}`, "--clear-groups", haft, ...args],
        { cwd: "/", env: { PATH: "/usr/bin:/bin", HOME: home }, encoding: "utf8" },
      );
      assertEquals([args, status, stdout], [args, 1, ""]);
      assertStringIncludes(stderr, `may not look into "${join(home, ".config", "haft")}"`);
      assertStringIncludes(stderr, "sudo -H -u ");
    }
  },
});
