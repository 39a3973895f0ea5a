import { Buffer } from "node:buffer";
import { LIMITS } from "../../src/socket/limits.ts";
import type { Piece } from "./frame_verdict.ts";

interface FrameCase {
  name: string;
  pieces: Piece[];
  maxFrameBytes?: number;
}

/** JSON texts, each of which becomes a frame of its own in both framings. */
const TEXTS: Record<string, string | Buffer> = {
  "an object": `{"type":"ping","id":"1"}`,
  "every kind of value": `[null,true,false,0,-0,1.5,-1e3,1E+2,"x",{},[]]`,
  "white space of JSON": ` \t\r{ "a" :\t1 } `,
  "a number alone": "1",
  "a string alone": `"x"`,
  "integers past 2^53": "[9007199254740993,18446744073709551616]",
  "a number past doubles": "[1e999,-1e999]",
  "an integer of 5000 digits": "9".repeat(5000),
  "the same key twice": `{"a":1,"a":2}`,
  "text beyond ASCII": `{"é":"日本語 🙂"}`,
  "escapes": `"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude42"`,
  "half of a surrogate pair": `"\\ud800"`,
  "a line separator": `"\u2028"`,
  "braces in a string": `"${"{[".repeat(100)}"`,
  "colons in a string": `"${":".repeat(10_001)}"`,
  "an escaped quote before braces": `"\\"${"[".repeat(100)}"`,
  "a long string with an escape at byte 256": `{"a":"${"x".repeat(252)}\\"${"[".repeat(80)}"}`,
  "NaN": "NaN",
  "Infinity": "[Infinity]",
  "-Infinity": "-Infinity",
  "a trailing comma": "[1,]",
  "a leading zero": "01",
  "a plus sign": "+1",
  "a dot without digits": "[1.]",
  "single quotes": "{'a':1}",
  "a comment": "1//x",
  "two values": "1 2",
  "an unterminated string": `{"a":"b`,
  "a string that ends in a backslash": `"a\\`,
  "an unknown escape": `"\\x41"`,
  "an escape without digits": `"\\u00g0"`,
  "a control character in a string": `"a\u0001b"`,
  "a tab in a string": `"a\tb"`,
  "a no-break space around": `\u00a01`,
  "digits beyond ASCII": "٣",
  "spaces only": "  ",
  "a byte order mark": "\ufeff1",
  "a NUL byte": "1\0",
  "__proto__": `{"__proto__":1}`,
  "constructor": `{"constructor":1}`,
  "constructor, deep": `[[{"a":{"constructor" : 1}}]]`,
  "__proto__ with an escape": `{"\\u005f_proto__":1}`,
  "constructor, every letter escaped": `{"${
    [..."constructor"].map((c) => `\\u00${c.charCodeAt(0).toString(16)}`).join("")
  }":1}`,
  "__proto__ as a value": `["__proto__","constructor"]`,
  "__proto__ before a colon elsewhere": `["__proto__" 1:2]`,
  "__proto__, an escape that is none": `{"\\U005f_proto__":1}`,
  "prototype": `{"prototype":1,"__proto":1,"constructor_":1,"Constructor":1}`,
  "a key of the refused length": `{"abcdefghi":1,"abcdefghijk":2}`,
  "nested 64 deep": "[".repeat(64) + "]".repeat(64),
  "nested 65 deep": "[".repeat(65) + "]".repeat(65),
  "objects nested 64 deep": `{"a":`.repeat(64) + "1" + "}".repeat(64),
  "objects nested 65 deep": `{"a":`.repeat(65) + "1" + "}".repeat(65),
  "nested 65 deep and not closed": "[".repeat(65),
  "100 arrays beside each other": `[${"[],".repeat(99)}[]]`,
  "closed before opened": "]".repeat(10) + "[".repeat(70),
  "overlong UTF-8": Buffer.from([0x22, 0xc0, 0xaf, 0x22]),
  "a surrogate in UTF-8": Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
  "past U+10FFFF": Buffer.from([0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]),
  "UTF-8 cut short": Buffer.from([0x22, 0xe2, 0x82, 0x22]),
  "a byte 0xFF": Buffer.from([0xff, 0x31]),
  "UTF-8 and nesting, both wrong": Buffer.concat([Buffer.from("[".repeat(65)), Buffer.from([0xff])]),
  "10000 keys": keys(LIMITS.jsonKeys),
  "10001 keys": keys(LIMITS.jsonKeys + 1),
};

function keys(count: number): string {
  return `[${Array.from({ length: count }, () => `{"k":1}`).join(",")}]`;
}

function once(bytes: Uint8Array | string): Piece {
  return { hex: Buffer.from(bytes as string).toString("hex"), times: 1 };
}

function many(text: string, times: number): Piece {
  return { hex: Buffer.from(text).toString("hex"), times };
}

function lengthOf(bytes: number): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes);
  return length;
}

/** Long runs of the same bytes are written once. */
function packed(bytes: Buffer): Piece[] {
  if (bytes.length < 2048) return [once(bytes)];
  for (const size of [8, 2, 1]) {
    const start = 1;
    const unit = bytes.subarray(start, start + size);
    let at = start;
    while (at + size <= bytes.length && unit.equals(bytes.subarray(at, at + size))) at += size;
    if (at < bytes.length / 2) continue;
    return [
      once(bytes.subarray(0, start)),
      { hex: unit.toString("hex"), times: (at - start) / size },
      once(bytes.subarray(at)),
    ].filter(({ hex }) => hex !== "");
  }
  return [once(bytes)];
}

const NEXT = `{"type":"ping"}`;

/** A string value whose text has exactly so many bytes. */
function sized(bytes: number): Piece[] {
  return [once('"'), many("x", bytes - 2), once('"')];
}

const limits: FrameCase[] = [LIMITS.frameBeforeHello, LIMITS.frame].flatMap((limit) =>
  [limit, limit + 1].flatMap((size): FrameCase[] => [
    {
      name: `length: a frame of ${size} bytes where ${limit} are allowed`,
      pieces: [once(lengthOf(size)), ...sized(size)],
      maxFrameBytes: limit,
    },
    {
      name: `lines: a frame of ${size} bytes where ${limit} are allowed`,
      pieces: [many("\n", 4), ...sized(size), once("\n")],
      maxFrameBytes: limit,
    },
  ])
);

/** Streams whose refusal or acceptance is about how frames are cut. */
const cuts: FrameCase[] = [
  { name: "nothing", pieces: [] },
  { name: "three bytes tell no framing", pieces: [once("{}\n")] },
  { name: "length: the preamble alone", pieces: [many("\0", 4)] },
  { name: "lines: the preamble alone", pieces: [many("\n", 4)] },
  {
    name: "length: empty frames between",
    pieces: [many("\0", 8), once(lengthOf(2)), once("{}"), many("\0", 4)],
  },
  { name: "lines: empty lines and CR LF", pieces: [once("\n\r\n{}\r\n\n[1]\n")] },
  { name: "lines: a lone CR in a longer line", pieces: [once("\n\n\n\n{}\n \r\n")] },
  { name: "length: an unfinished length", pieces: [many("\0", 4), once(Buffer.from([2, 0]))] },
  { name: "length: an unfinished frame", pieces: [once(lengthOf(3)), once("{}")] },
  { name: "lines: an unfinished line", pieces: [once("{}\n[1")] },
  { name: "length: a length past 16 MiB", pieces: [many("\0", 4), once(Buffer.from([0, 0, 0, 1]))] },
  { name: "length: the largest length", pieces: [many("\0", 4), many("\u007f", 4)] },
  {
    name: "length: too large, after a frame",
    pieces: [once(lengthOf(2)), once("{}"), once(lengthOf(0xffffff))],
  },
  {
    name: "length: an error, after a frame",
    pieces: [once(lengthOf(2)), once("{}"), once(lengthOf(1)), once("x")],
  },
  {
    name: "lines: longer than allowed and not ended",
    pieces: [many("\n", 4), many("x", LIMITS.frameBeforeHello + 1)],
    maxFrameBytes: LIMITS.frameBeforeHello,
  },
  { name: "length: a frame of one CR", pieces: [many("\0", 4), once(lengthOf(1)), once("\r")] },
  { name: "the fourth byte 0 means lengths", pieces: [once("{}\n\0"), once("x")] },
];

export const FRAMES: FrameCase[] = [
  ...cuts,
  ...limits,
  ...Object.entries(TEXTS).flatMap(([name, text]): FrameCase[] => {
    const bytes = Buffer.from(text as string);
    return [
      {
        name: `length: ${name}`,
        pieces: [
          many("\0", 4),
          once(lengthOf(bytes.length)),
          ...packed(bytes),
          once(lengthOf(15)),
          once(NEXT),
        ],
      },
      { name: `lines: ${name}`, pieces: [many("\n", 4), ...packed(bytes), once(`\n${NEXT}\n`)] },
    ];
  }),
];
