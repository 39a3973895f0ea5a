/**
 * A backend for tests, in either mode: `echo` gives back its data, `fail` throws, `slow` takes `ms`, `die`
 * ends the process, `hang` stops it from answering anything, `say` sends an event, `env` tells a variable.
 */
import { connect } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";

const legacy = process.env["HAFT_IPC_MODE"] === "legacy";
const socket = legacy ? undefined : connect(process.env["HAFT_IPC_CHANNEL"] ?? "");
const input = socket ?? process.stdin;
let hanging = false;

console.log("a line on stdout");
console.error("a line on stderr");
say(
  legacy
    ? { type: "ready", handlers: ["echo", "fail", "slow", "die", "hang", "say", "env"] }
    : { type: "ready", data: { handlers: ["echo", "fail", "slow", "die", "hang", "say", "env"] } },
);
createInterface({ input }).on("line", (line) => void receive(JSON.parse(line)))
  .on("close", () => process.exit(0));

function say(message: unknown): void {
  const line = `${JSON.stringify(message)}\n`;
  if (socket === undefined) process.stdout.write(line);
  else socket.write(line);
}

async function receive(message: Record<string, unknown>): Promise<void> {
  if (hanging) return;
  const { type, id, method, event } = message;
  if (type === "ping") return say({ type: "pong", id });
  if (event === "backend.stop") process.exit(0);
  if (method === "__ping__") return say({ id, ok: true, result: null });
  if (typeof method !== "string") return;
  try {
    const result = await answer(
      method,
      (legacy ? message["params"] : message["data"]) as Record<string, never>,
    );
    say(legacy ? { id, ok: true, result } : { type: "response", id, data: result });
  } catch (error) {
    const text = (error as Error).message;
    say(
      legacy
        ? { id, ok: false, error: { name: "ValueError", message: text } }
        : { type: "response", id, error: { code: -32002, name: "failed", message: text } },
    );
  }
}

async function answer(method: string, data: Record<string, unknown>): Promise<unknown> {
  switch (method) {
    case "echo":
      return data;
    case "slow":
      await new Promise((resolve) => setTimeout(resolve, Number(data["ms"])));
      return { waited: data["ms"] };
    case "die":
      process.exit(3);
      break;
    case "hang":
      hanging = true;
      return {};
    case "say":
      say({ type: "event", event: "progress", data });
      return {};
    case "env":
      return { value: process.env[String(data["name"])] };
    default:
      throw new Error("as it was told to");
  }
}
