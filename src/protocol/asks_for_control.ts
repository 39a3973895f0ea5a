import * as v from "valibot";
import { Hello } from "./hello.ts";
import { CONTROL } from "./protocol_range.ts";

const ControlHello = v.object({ type: v.literal("request"), method: v.literal("hello"), data: Hello });

/** Whether a message is the `hello` of a client that looks after the daemon. */
export function asksForControl(message: unknown): boolean {
  const hello = v.safeParse(ControlHello, message);
  return hello.success && hello.output.data.capabilities.includes(CONTROL);
}
