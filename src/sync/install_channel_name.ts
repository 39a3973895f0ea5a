import { Buffer } from "node:buffer";
import { randomId } from "../base/random_id.ts";

const LONGEST_TOOL = 24;

/**
 * The name of one install's channel: `haft-install-{pid}-{tool}-{random}`. The tool is there for people who look at the
 * runtime directory; the random part is what makes the name unique, so the tool's is cut when the path gets too long.
 * @param room bytes that the name may take
 */
export function installChannelName(tool: string, { pid, room }: { pid: number; room: number }): string {
  const random = randomId();
  const name = (label: string) =>
    ["haft-install", pid, label, random].filter((part) => part !== "").join("-");
  const label = tool.replace(/[^A-Za-z0-9._-]+|\.{2,}/g, "-").replace(/^-+|-+$/g, "").slice(0, LONGEST_TOOL);
  const excess = Math.max(0, Buffer.byteLength(name(label)) - room);
  return name(label.slice(0, Math.max(0, label.length - excess)).replace(/-+$/, ""));
}
