import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { ERROR_DOCUMENT, withErrorTables } from "../../../scripts/error_tables.ts";
import { withTables } from "../../../scripts/protocol_tables.ts";
import { projectRoot } from "../../../scripts/support/project.ts";
import { Message } from "../../../src/protocol/envelope.ts";
import { InstallConfig, InstallProgress } from "../../../src/protocol/install.ts";
import { FrameDecoder } from "../../../src/socket/framing/frame_decoder.ts";
import { LIMITS } from "../../../src/socket/limits.ts";

const text = readFileSync(join(projectRoot, "docs", "protocol.md"), "utf8");

/** The fenced blocks of a language, by what follows it: ```json InstallConfig. */
function blocks(language: string): { about: string; body: string }[] {
  return [...text.matchAll(/^```(\w+) (\w+)\n(.*?)^```$/gms)]
    .filter(([, found]) => found === language)
    .map(([, , about = "", body = ""]) => ({ about, body }));
}

const schemas: Record<string, v.GenericSchema> = { Message, InstallConfig, InstallProgress };

Deno.test("docs/protocol.md: every JSON example is what its schema says", () => {
  const examples = blocks("json");
  assert(examples.length >= 8);
  for (const { about, body } of examples) {
    const schema = schemas[about];
    assert(schema !== undefined, `There is no schema ${about}`);
    v.parse(schema, JSON.parse(body));
  }
});

Deno.test("docs/protocol.md: every state of InstallProgress has an example", () => {
  const shown = blocks("json").filter(({ about }) => about === "InstallProgress").map(({ body }) =>
    JSON.parse(body).state
  );
  assertEquals(shown, InstallProgress.options.map((option) => option.entries.state.literal));
});

Deno.test("docs/protocol.md: both hexdumps decode to the message before them, each in its framing", () => {
  const [message] = blocks("json").filter(({ about }) => about === "Message");
  const dumps = blocks("hexdump");
  assertEquals(dumps.map(({ about }) => about), ["lines", "length"]);
  for (const { about, body } of dumps) {
    const decoder = new FrameDecoder();
    const frames: unknown[] = [];
    decoder.push(
      fromHexdump(body),
      (bytes, start, end) => frames.push(JSON.parse(bytes.toString("utf8", start, end))),
    );
    assertEquals(frames, [JSON.parse(message?.body ?? "")]);
    assertEquals(decoder.framing, about);
  }
});

Deno.test("docs/protocol.md: the table of limits is the one in the code", () => {
  const rows = [...text.matchAll(/^\|[^|]*\(`(\w+)`\)\s*\|\s*(\d+)/gm)];
  assert(rows.length >= 10);
  const code: Record<string, unknown> = LIMITS;
  for (const [, name = "", value] of rows) assertEquals(Number(value), code[name], name);
});

Deno.test("docs/protocol.md: methods, events and errors are those of the code (deno task docs writes them anew)", () => {
  assertEquals(withoutLayout(text), withoutLayout(withTables(text)));
});

Deno.test("docs/errors.md: its tables are those of the code", () => {
  const errors = readFileSync(ERROR_DOCUMENT, "utf8");
  assertEquals(withoutLayout(errors), withoutLayout(withErrorTables(errors)));
});

/** `deno fmt` lays tables out in its own way. */
function withoutLayout(document: string): string {
  return document.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---");
}

/** Reads what `xxd` prints. */
function fromHexdump(dump: string): Buffer {
  const hex = dump.split("\n").map((line) => line.slice(10, 50).replaceAll(" ", "")).join("");
  return Buffer.from(hex, "hex");
}
