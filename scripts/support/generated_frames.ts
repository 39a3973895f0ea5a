import { Buffer } from "node:buffer";

/** What chooses: see tests/support/random.ts. */
interface Chooser {
  /** A whole number from 0 to `limit` − 1. */
  below(limit: number): number;
  pick<T>(values: readonly T[]): T;
}

const TYPES = ["request", "response", "event", "ping", "pong", "data", "ready", "other", 1, null];
const FIELDS = ["id", "method", "event", "data", "error", "oneway", "seq", "time", "subject", "later"];
const KEYS = ["a", "id", "code", "message", "name", "__proto__", "constructor", "\\u005f_proto__", "é", ""];
const SCRAPS = [
  '"',
  "\\",
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  "\\u",
  "\\ud800",
  "1e999",
  "-",
  "0",
  "01",
  "1.",
  "NaN",
  "Infinity",
  "true",
  "nul",
  '"__proto__"',
  '"constructor":',
  " ",
  "\t",
  "\r",
  "\n",
  "\u0001",
  "\u00a0",
  "\ufeff",
  "é",
  "🙂",
  "\u2028",
  "[".repeat(70),
  "9".repeat(400),
  "\0\0\0\0",
  "\u0005\0\0\0",
];

/**
 * A stream of a few frames: messages, nearly messages, and bytes that were changed anywhere, in either
 * framing. About half of them are refused.
 */
export function generatedStream(random: Chooser): Buffer {
  const lines = random.below(2) === 0;
  const parts: Buffer[] = [Buffer.alloc(4, lines ? 0x0a : 0)];
  for (let frames = 1 + random.below(3); frames > 0; frames--) {
    const text = mutated(Buffer.from(messageText(random)), random);
    if (lines) {
      parts.push(text, Buffer.from(random.pick(["\n", "\n", "\r\n", ""])));
    } else {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(random.below(40) === 0 ? random.below(2 ** 32) : text.length);
      parts.push(length, text);
    }
  }
  const stream = Buffer.concat(parts);
  return random.below(20) === 0 ? stream.subarray(random.below(4)) : stream;
}

function messageText(random: Chooser): string {
  const fields = [
    `"type":${JSON.stringify(random.pick(TYPES.slice(0, random.below(4) === 0 ? undefined : 7)))}`,
  ];
  for (let count = random.below(4); count > 0; count--) {
    fields.push(`${JSON.stringify(random.pick(FIELDS))}:${valueText(random, 0)}`);
  }
  return `{${fields.join(random.pick([",", ", "]))}}`;
}

function valueText(random: Chooser, depth: number): string {
  switch (random.below(depth > 4 ? 7 : 10)) {
    case 0:
      return "null";
    case 1:
      return random.pick(["true", "false"]);
    case 2:
      return String(random.below(2 ** 32) - 2 ** 31);
    case 3:
      return random.pick([
        "0.1",
        "-1.5e-7",
        "1e21",
        "123456789012345678901234567890",
        "5e-324",
        "-0",
        "1E400",
      ]);
    case 4:
    case 5:
    case 6:
      return `"${
        random.pick(["", "x", "é", "\\n", "\\ud83d\\ude42", "\\ud800", "a:b{[", '\\"', "x".repeat(300)])
      }"`;
    case 7:
      return `{"code":${random.below(3) - 1},"message":"m"}`;
    case 8:
      return `[${several(random, () => valueText(random, depth + 1))}]`;
    default:
      return `{${
        several(random, () =>
          `"${random.pick(KEYS.slice(0, random.below(8) === 0 ? undefined : 5))}":${
            valueText(random, depth + 1)
          }`)
      }}`;
  }
}

function several(random: Chooser, make: () => string): string {
  return Array.from({ length: random.below(4) }, make).join(",");
}

function mutated(text: Buffer, random: Chooser): Buffer {
  if (random.below(2) === 0) return text;
  const at = random.below(text.length + 1);
  switch (random.below(4)) {
    case 0:
      return Buffer.concat([text.subarray(0, at), text.subarray(at + 1 + random.below(3))]);
    case 1:
      return Buffer.concat([text.subarray(0, at), Buffer.from([random.below(256)]), text.subarray(at + 1)]);
    case 2:
      return text.subarray(0, at);
    default:
      return Buffer.concat([text.subarray(0, at), Buffer.from(random.pick(SCRAPS)), text.subarray(at)]);
  }
}
