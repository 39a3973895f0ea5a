/** Where the parts of a fleet stand: in network namespaces of their own on a bridge, or all on loopback. */
import process from "node:process";
import { runCommand } from "../support/command.ts";

/** One part's place. */
export interface Place {
  address: string;
  /** Words before a command that runs there. */
  inside: readonly string[];
  /** Takes it off the network, or puts it back; undefined where that is not possible. */
  cut: ((off: boolean) => Promise<void>) | undefined;
}

export interface Network extends AsyncDisposable {
  readonly kind: "namespaces" | "loopback";
  place(name: string): Promise<Place>;
}

/** Namespaces where this user may make them; the reason why not is printed. */
export async function openNetwork(wanted: "namespaces" | "loopback"): Promise<Network> {
  if (wanted === "loopback") return loopback();
  const tag = `hf${process.pid % 10_000}`;
  try {
    await ip("link", "add", tag, "type", "bridge");
  } catch (error) {
    console.log(`loopback, since namespaces are refused: ${error instanceof Error ? error.message : error}`);
    return loopback();
  }
  return await namespaces(tag);
}

function loopback(): Network {
  return {
    kind: "loopback",
    place: () => Promise.resolve({ address: "127.0.0.1", inside: [], cut: undefined }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function namespaces(tag: string): Promise<Network> {
  const made: string[] = [];
  const subnet = `10.77.${process.pid % 250}`;
  await ip("addr", "add", `${subnet}.1/24`, "dev", tag);
  await ip("link", "set", tag, "up");
  return {
    kind: "namespaces",
    async place(name) {
      const namespace = `${tag}${name}`;
      const [outside, within] = [`${tag}${name}`.slice(0, 15), "eth0"];
      // Places are asked for at the same time, and each needs an address of its own.
      const address = `${subnet}.${10 + made.push(namespace)}`;
      await ip("netns", "add", namespace);
      await ip("link", "add", outside, "type", "veth", "peer", "name", within, "netns", namespace);
      await ip("link", "set", outside, "master", tag);
      await ip("link", "set", outside, "up");
      const there = ["netns", "exec", namespace, "ip"];
      await ip(...there, "addr", "add", `${address}/24`, "dev", within);
      await ip(...there, "link", "set", within, "up");
      await ip(...there, "link", "set", "lo", "up");
      return {
        address,
        inside: ["ip", "netns", "exec", namespace],
        cut: (off) => ip("link", "set", outside, off ? "down" : "up"),
      };
    },
    async [Symbol.asyncDispose]() {
      for (const namespace of made) await ip("netns", "del", namespace).catch(() => {});
      await ip("link", "del", tag).catch(() => {});
    },
  };
}

async function ip(...args: string[]): Promise<void> {
  const { code, stderr } = await runCommand(["ip", ...args], { output: "capture" });
  if (code !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr.trim()}`);
}
