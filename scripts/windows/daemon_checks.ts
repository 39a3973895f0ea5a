import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Check, Programs } from "./checks.ts";
import { wineEnds, WineProcess } from "./wine.ts";

const PIPE = "\\\\.\\pipe\\haft-check-daemon";
const TAKEN = "\\\\.\\pipe\\haft-check-taken";
const IMPOSTOR = "\\\\.\\pipe\\haft-check-impostor";
/** FILE_FLAG_FIRST_PIPE_INSTANCE */
const FIRST_INSTANCE = 0x00080000;
const TOKEN_BYTES = 32;

/** The daemon at a pipe, and what other programs can try with one. They run in this order. */
export function daemonChecks({ haft, holdPipe, peers }: Programs, tokens: string): Check[] {
  const send = (...args: string[]) => [haft, "ipc-send", "--no-spawn", "--socket", PIPE, ...args];
  let daemon: WineProcess | undefined;
  const runDaemon = async () => {
    daemon = new WineProcess([haft, "daemon", "run", "--socket", PIPE], { limitMs: 120_000 });
    await daemon.printed("haft daemon answers");
  };
  const token = join(tokens, "haft-check-daemon.token");
  return [
    { name: "haft daemon run answers at a pipe", run: runDaemon },
    ...["u32le", "ndjson"].map((wire) => ({
      name: `haft ipc-send daemon.ping, wire ${wire}`,
      run: async () =>
        void await wineEnds(send("--wire", wire, "daemon.ping"), { code: 0, text: "uptime_secs" }),
    })),
    {
      name: "haft ipc-send --subscribe gets what another one publishes",
      run: async () => {
        const subscriber = new WineProcess(send("--subscribe", "user.*", "--count", "1"));
        let over = false;
        const ended = subscriber.ended.finally(() => over = true);
        // It does not say when it has subscribed.
        while (!over) {
          await wineEnds(send("events.publish", "type=user.deployed", "data.to=prod"), { code: 0 });
        }
        const { code, output } = await ended;
        if (code !== 0 || !output.includes('"user.deployed"')) {
          throw new Error(`exit code ${code}: ${output}`);
        }
      },
    },
    {
      name: "a second haft daemon run on the pipe is refused",
      run: async () =>
        void await wineEnds([haft, "daemon", "run", "--socket", PIPE], { code: 1, text: "already answers" }),
    },
    {
      name: "a program that skips the handshake is dropped and gets no byte",
      run: async () => void await wineEnds([holdPipe, "stranger", PIPE], { code: 0 }),
    },
    {
      name: "a client with another token refuses the daemon, and nothing is exchanged",
      run: async () => {
        const right = readFileSync(token);
        if (right.length !== TOKEN_BYTES) throw new Error(`the token has ${right.length} bytes`);
        writeFileSync(token, new Uint8Array(TOKEN_BYTES));
        try {
          await wineEnds(send("daemon.ping"), { code: 3, text: "does not know the pipe's token" });
        } finally {
          writeFileSync(token, right);
        }
        await wineEnds(send("daemon.ping"), { code: 0 });
      },
    },
    {
      name: "haft daemon run after one that was killed",
      run: async () => {
        await daemon?.kill();
        if (!existsSync(token)) throw new Error("the killed daemon left no token");
        await runDaemon();
        await wineEnds(send("daemon.ping"), { code: 0, text: "uptime_secs" });
      },
    },
    {
      name: "haft daemon stop ends it, and its token is gone",
      run: async () => {
        await wineEnds([haft, "daemon", "stop", "--socket", PIPE], { code: 0, text: "has stopped" });
        const ended = await daemon?.ended;
        if (ended?.code !== 0) throw new Error(`the daemon ended with ${ended?.code}: ${ended?.output}`);
        if (existsSync(token)) throw new Error(`tokens are left: ${readdirSync(tokens).join(" ")}`);
        await wineEnds(send("daemon.ping"), { code: 3, text: "No daemon answers" });
      },
    },
    {
      name: "haft daemon start leaves one in the background, by the readiness pipe",
      run: async () => {
        await wineEnds([haft, "daemon", "start", "--socket", PIPE], { code: 0, text: "The daemon answers" });
        await wineEnds([haft, "daemon", "start", "--socket", PIPE], { code: 0, text: "is running already" });
        await wineEnds(send("daemon.ping"), { code: 0, text: "uptime_secs" });
        await wineEnds([haft, "daemon", "stop", "--socket", PIPE], { code: 0, text: "has stopped" });
      },
    },
    {
      name: "a name that another program has is refused, as a second first instance is",
      run: async () => {
        const holder = new WineProcess([holdPipe, "taken", TAKEN]);
        await holder.printed("held");
        await wineEnds([haft, "daemon", "run", "--socket", TAKEN], {
          code: 3,
          text: "in use by another process",
        });
        for (const { argv } of peers) {
          await wineEnds([...argv, "serve", TAKEN], { code: 1, text: "in use by another process" });
        }
        await holder.kill();
      },
    },
    {
      name: "a program that took the name and knows no token is refused by the client",
      run: async () => {
        const lie = join(tokens, "haft-check-impostor.token");
        mkdirSync(tokens, { recursive: true });
        writeFileSync(lie, new Uint8Array(TOKEN_BYTES).fill(7));
        const impostor = new WineProcess([holdPipe, "impostor", IMPOSTOR]);
        await impostor.printed("held");
        await wineEnds([haft, "ipc-send", "--no-spawn", "--socket", IMPOSTOR, "daemon.ping"], {
          code: 3,
          text: "does not know the pipe's token",
        });
        await impostor.kill();
        rmSync(lie);
      },
    },
    ...peers.map(({ runtime, argv }) => ({
      name: `${runtime} asks the system for the first instance, for it alone, and for no rights of others`,
      run: async () => {
        const path = `\\\\.\\pipe\\haft-check-first-${runtime}`;
        const serving = new WineProcess([...argv, "serve", path], { env: { WINEDEBUG: "trace+sync" } });
        await serving.printed("ready");
        await serving.kill();
        const { output } = await serving.ended;
        const made = [
          ...output.matchAll(
            /CreateNamedPipeW \(L"[^"]*haft-check-first[^"]*", 0x([0-9a-f]+),.*, (\w+)\)/g,
          ),
        ];
        // Without attributes, Windows lets others read at most.
        const attributes = made.map(([, , attributes]) => attributes ?? "").filter((text) =>
          /[^0]/.test(text)
        );
        if (attributes.length > 0) throw new Error(`security attributes: ${attributes.join(", ")}`);
        const modes = made
          .map(([, mode]) => (Number.parseInt(mode ?? "0", 16) & FIRST_INSTANCE) !== 0);
        const [first, ...others] = modes;
        if (first !== true || others.includes(true)) throw new Error(`first instance: ${modes.join(", ")}`);
      },
    })),
  ];
}
