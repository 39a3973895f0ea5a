/**
 * The shortest way of `haft ipc-send METHOD [JSON]`, for a short answer of a method that only reads, at a
 * daemon of this very build that answers at once. Like exec_at_once.ts it stands beside the entry of the
 * binary: no module here may import one of the runtime's own but `node:process`. Whatever is not as plain as
 * that, the usual way does; it asks anew, and says what is wrong.
 */
import process from "node:process";
import { type Env, envValue } from "../../base/env.ts";
import { isPlain, plainDirectories } from "../../base/plain_paths.ts";
import { VERSION } from "../../base/version.ts";
import { READ_METHODS } from "../../protocol/methods/read_methods.ts";
import { PROTOCOL_RANGE } from "../../protocol/protocol_range.ts";
import { type AskAtOnce, askAtOnce } from "../../runtime/ask_at_once.ts";
import type { Look } from "../../runtime/libc_at_once.ts";
import { LIMITS } from "../../socket/limits.ts";
import { terminalText } from "../../ui/terminal_text.ts";
import { isOnTerminal, isOwnHome } from "../own_home_at_once.ts";

/** For the whole of it; what takes longer is asked in the usual way, which can be interrupted. */
const TIMEOUT_MS = 200;

/**
 * Prints the method's answer.
 *
 * @param args what follows `haft`
 * @returns false where the usual way is needed
 */
export function sendAtOnce(args: readonly string[]): boolean {
  const request = plainRequest(args);
  const socket = request === undefined ? undefined : plainSocket(process.env, process.getuid?.());
  if (request === undefined || socket === undefined) return false;
  try {
    const system = askAtOnce();
    if (system === undefined || !isUsual(system, socket)) return false;
    const hello = { client: "haft ipc-send", version: VERSION, protocol: PROTOCOL_RANGE };
    const text = `${line("0", "hello", hello)}${line("1", request.method, request.params)}`;
    const answers = system.ask(socket, text, { lines: 2, timeoutMs: TIMEOUT_MS });
    const [ack, data] = answers?.map((answer, at) => dataOf(answer, String(at))) ?? [];
    if (data === undefined || !isOfThisBuild(ack, system.look(process.execPath))) return false;
    return system.print(terminalText(`${JSON.stringify(data)}\n`, { color: false }));
  } catch {
    return false;
  }
}

function line(id: string, method: string, data: unknown): string {
  return `${JSON.stringify({ type: "request", id, method, data })}\n`;
}

/** A method that only reads, and parameters as one JSON object if any. */
export function plainRequest(args: readonly string[]): { method: string; params: object } | undefined {
  const [verb, method = "", text = "{}", ...more] = args;
  if (verb !== "ipc-send" || !READ_METHODS.has(method) || more.length > 0) return undefined;
  if (!text.startsWith("{")) return undefined;
  try {
    const params: object = JSON.parse(text);
    // A directory is resolved from the one that the command runs in.
    return "cwd" in params ? undefined : { method, params };
  } catch {
    return undefined;
  }
}

/** Where the daemon listens, as `daemonSocket()` says it where no settings do. */
export function plainSocket(env: Env, uid: number | undefined): string | undefined {
  const runtime = envValue(env, "XDG_RUNTIME_DIR");
  const isElsewhere = ["TMPDIR", "TMP", "TEMP"].some((name) => envValue(env, name) !== undefined);
  const path = envValue(env, "HAFT_SOCKET") ??
    (runtime !== undefined
      ? `${runtime}/haft/daemon.sock`
      : isElsewhere
      ? ""
      : `/tmp/haft-${uid}/daemon.sock`);
  return isPlain(path) ? path : undefined;
}

/**
 * Whether stdout is no terminal, no settings name another socket, the socket and its directory are this
 * user's alone, and root would not act in another user's home.
 */
function isUsual(system: AskAtOnce, socket: string): boolean {
  const uid = process.getuid?.();
  const { env } = process;
  if (isOnTerminal(system)) return false;
  const directory = system.look(socket.slice(0, socket.lastIndexOf("/")), { follow: false });
  if (directory?.kind !== "directory" || directory.uid !== uid || (directory.mode & 0o077) !== 0) {
    return false;
  }
  const own = system.look(socket, { follow: false });
  if (own?.kind !== "socket" || own.uid !== uid) return false;
  const directories = plainDirectories(env);
  if (directories === undefined || !isOwnHome(directories, system)) return false;
  return system.look(`${directories.config}/config.toml`) === undefined;
}

/**
 * What a response carries; undefined for anything else, such as an error. A text that haft would not have
 * written so, with a key that stands there twice, may be what the decoder of the usual way refuses.
 */
function dataOf(answer: string, id: string): unknown {
  const message: unknown = JSON.parse(answer);
  if (typeof message !== "object" || message === null || !isSound(message)) return undefined;
  if (JSON.stringify(message) !== answer) return undefined;
  const isAnswer = "type" in message && message.type === "response" && "id" in message && message.id === id;
  return isAnswer && !("error" in message) && "data" in message ? message.data : undefined;
}

/** Whether the decoder of the usual way takes such keys, and values that are nested so deep. */
function isSound(value: unknown, levels: number = LIMITS.jsonNesting): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 &&
    Object.entries(value).every(([key, inner]) =>
      key !== "__proto__" && key !== "constructor" && isSound(inner, levels - 1)
    );
}

/** As `buildId()` names it. */
function isOfThisBuild(ack: unknown, own: Look | undefined): boolean {
  if (typeof ack !== "object" || ack === null || !("version" in ack) || !("build" in ack)) return false;
  if (own === undefined || ack.version !== VERSION) return false;
  return ack.build === `${own.changedMs.toString(36)}-${own.size.toString(36)}`;
}
