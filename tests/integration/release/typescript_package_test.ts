/** The package as `npm install` takes it, compiled against and run by Bun, Deno and the machine's Node. */
import { assertEquals } from "@std/assert";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { writeTypescriptPackage } from "../../../scripts/release/typescript_package.ts";
import { deno, runCommand } from "../../../scripts/support/command.ts";
import { projectRoot } from "../../../scripts/support/project.ts";

/** The examples of the package's README, which need no daemon. */
function examples(): string {
  const readme = readFileSync(join(projectRoot, "packaging", "typescript_readme.md"), "utf8");
  const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code ?? "");
  return blocks.find((code) => code.includes("LocalSocketServer")) ?? "";
}

/** What the README does not show: both ends of packages/ipc, and the client of a daemon that is not there. */
const REST = `
import { DaemonClient } from "@haft/haft/client";
import { IpcClient, IpcServer, type TaskCommand } from "@haft/haft/ipc";

const socketPath = \`\${process.env["XDG_RUNTIME_DIR"]}/ipc.sock\`;
const ipcServer = new IpcServer(socketPath);
const command = new Promise<TaskCommand>((resolve) => ipcServer.on("taskCommand", (_, data) => resolve(data)));
await ipcServer.listen();
const ipcClient = new IpcClient(socketPath);
ipcClient.on("ack", () => ipcClient.sendCommand({ commandName: "StartNewTask", data: { text: "go" } }));
console.log((await command).commandName);
ipcClient.disconnect();
const absent = await DaemonClient.connect({ client: "test", version: "1.0.0" }).catch((error: Error) => error.name);
console.log(absent);
await channel.close();
await client.close();
await server.close();
process.exit(0);
`;

/** It answers with its pid after it was found at a socket whose last owner was killed. */
const STALE = `
import { LocalSocketChannel, LocalSocketServer } from "@haft/haft/channel";
const server = await LocalSocketServer.listen("stale");
const client = await LocalSocketChannel.connect("stale");
await client.emit("ready");
console.log((await (await server.accept({ timeoutMs: 5_000 })).recv()).event);
process.kill(process.pid, "SIGKILL");
`;

Deno.test("@haft/haft: the README's program and packages/ipc compile in strict TypeScript and run under Bun, Deno and Node 20", async () => {
  const directory = mkdtempSync(join(tmpdir(), "haft-package-"));
  const path = await writeTypescriptPackage({ version: "0.0.1", outDir: directory });
  writeFileSync(join(directory, "package.json"), '{ "type": "module" }');
  writeFileSync(join(directory, "program.ts"), examples() + REST);
  writeFileSync(join(directory, "stale.js"), STALE);
  const compilerOptions = {
    target: "es2022",
    module: "nodenext",
    strict: true,
    types: ["node"],
    lib: ["esnext"],
  };
  writeFileSync(join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["program.ts"] }));
  const options = { cwd: directory, output: "capture" } as const;
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts"];
  const installed = await runCommand(
    ["npm", "install", ...quiet, path, "typescript@5.9.3", "@types/node@20.19.0"],
    options,
  );
  assertEquals(installed.code, 0, installed.stderr);
  const compiled = await runCommand(["node", "node_modules/typescript/bin/tsc", "-p", "."], options);
  assertEquals(compiled.code, 0, compiled.stdout);
  chmodSync(directory, 0o700);
  const runtimes = [[process.env["HAFT_TEST_BUN"] ?? "bun"], [deno, "run", "-A"], ["node"]];
  for (const runtime of runtimes) {
    const env = { XDG_RUNTIME_DIR: mkdtempSync(join(directory, "run-")), HAFT_SOCKET: "" };
    const run = await runCommand([...runtime, "program.js"], { ...options, env });
    const said = run.stdout.trimEnd().split("\n").slice(-2);
    assertEquals(
      [run.code, ...said],
      [0, "StartNewTask", "Disconnected"],
      `${runtime[0]}: ${run.stdout}${run.stderr}`,
    );
    // A socket whose owner was killed is replaced by the next one.
    for (let round = 0; round < 2; round++) {
      const { stdout, stderr } = await runCommand([...runtime, "stale.js"], { ...options, env });
      assertEquals(stdout, "ready\n", `${runtime[0]}: ${stderr}`);
    }
  }
  rmSync(directory, { recursive: true });
});
