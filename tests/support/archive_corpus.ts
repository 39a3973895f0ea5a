import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { ARCHIVE_LIMITS, type ArchiveLimits } from "../../src/tools/archive/limits.ts";
import { gnuLongMember, paxMember, tarArchive, type TarMember, tarMember } from "./tar_builder.ts";
import { extraField, unicodePath, zipArchive, type ZipMember, type ZipShape } from "./zip_builder.ts";

/**
 * One archive and what must become of it: refused as a whole, for a reason that matches, or exactly this
 * tree. A path's value is its content behind `f ` (0644), `x ` (0755) or `-> ` (symbolic link), or `dir`.
 */
export interface ArchiveCase {
  name: string;
  bytes: Uint8Array;
  expected: { refused: RegExp } | { tree: Record<string, string> };
  strip?: number;
  /** `process.platform` to unpack for; Linux when absent. */
  platform?: string;
  limits?: Readonly<ArchiveLimits>;
}

type Verdict = RegExp | Record<string, string>;
type Options = Pick<ArchiveCase, "strip" | "platform" | "limits">;

const SMALL: Readonly<ArchiveLimits> = { ...ARCHIVE_LIMITS, entries: 5, bytes: 100_000, depth: 4 };

/** The hostile and odd tar archives, gzipped. */
export function tarCases(): ArchiveCase[] {
  return [...tarNames(), ...tarLinks(), ...tarKinds(), ...tarMetadata(), ...tarStructure(), ...tarSound()];
}

/** The hostile and odd zip archives. */
export function zipCases(): ArchiveCase[] {
  return [...zipNames(), ...zipLinks(), ...zipKinds(), ...zipStructure(), ...zipSound()];
}

function tar(
  name: string,
  members: (TarMember | Uint8Array)[],
  verdict: Verdict,
  options: Options = {},
): ArchiveCase {
  return rawTar(name, tarArchive(...members), verdict, options);
}

function rawTar(name: string, archive: Uint8Array, verdict: Verdict, options: Options = {}): ArchiveCase {
  return makeCase(`tar: ${name}`, { bytes: gzipSync(archive), verdict, options });
}

function zip(
  name: string,
  members: ZipMember[],
  verdict: Verdict,
  { shape, ...options }: Options & { shape?: ZipShape } = {},
): ArchiveCase {
  return makeCase(`zip: ${name}`, { bytes: zipArchive(members, shape), verdict, options });
}

function makeCase(
  name: string,
  { bytes, verdict, options }: { bytes: Uint8Array; verdict: Verdict; options: Options },
): ArchiveCase {
  const expected = verdict instanceof RegExp ? { refused: verdict } : { tree: verdict };
  return { name, bytes, expected, ...options };
}

/**
 * Names that may not be written, the same for both formats; `zip` and `tar` differ only in how yauzl words
 * some.
 */
const BAD_NAMES: [what: string, name: string, refused: RegExp][] = [
  ["parent", "../evil", /"\.\."|relative path/],
  ["parent inside", "a/../../evil", /"\.\."|relative path/],
  ["parent that stays inside", "a/../b", /"\.\."|relative path/],
  ["parent at the end", "a/..", /"\.\."|relative path/],
  ["only a parent", "..", /"\.\."|relative path/],
  ["parent behind a dot", "./../evil", /"\.\."|relative path/],
  ["absolute", "/tmp/evil", /absolute path/],
  ["absolute, doubled", "//tmp/evil", /absolute path/],
  ["drive letter", "C:/evil", /drive letter|absolute path/],
  ["drive letter without slash", "c:evil", /drive letter|absolute path/],
  ["backslash", "..\\evil", /backslash|invalid characters/],
  ["backslash inside", "a\\b", /backslash|invalid characters/],
  ["UNC path", "\\\\host\\share", /backslash|invalid characters/],
  ["newline", "a\nb", /control character/],
  ["escape sequence", "a\u001b[2Jb", /control character/],
  ["delete character", "a\u007f", /control character/],
  ["component of 256 bytes", `${"n".repeat(256)}`, /more than 255 bytes/],
];

const DEEP = Array.from({ length: 65 }, () => "d").join("/");

function longName(name: string): (TarMember | Uint8Array)[] {
  return name.length > 100 ? [paxMember({ path: name }), { body: "x" }] : [{ name, body: "x" }];
}

function tarNames(): ArchiveCase[] {
  return [
    ...BAD_NAMES.map(([what, name, refused]) => tar(`name: ${what}`, longName(name), refused)),
    ...BAD_NAMES.slice(0, 8).map(([what, name, refused]) =>
      tar(`pax path: ${what}`, [paxMember({ path: name }), { name: "good", body: "x" }], refused)
    ),
    tar(
      "GNU long name: parent",
      [gnuLongMember("../".repeat(40) + "evil"), { name: "good", body: "x" }],
      /"\.\."/,
    ),
    tar("ustar prefix: parent", [{ prefix: "../..", name: "evil", body: "x" }], /"\.\."/),
    tar("ustar prefix: absolute", [{ prefix: "/etc", name: "evil", body: "x" }], /absolute path/),
    tar("directory outside", [{ type: "5", name: "../evil/" }], /"\.\."/),
    tar("parent below what strip drops", [{ name: "package/../../evil", body: "x" }], /"\.\."/, { strip: 2 }),
    tar("NUL in a pax path", [paxMember({ path: "good\0/../evil" }), { name: "good" }], /control character/),
    tar("name that is not UTF-8", [{ name: new Uint8Array([0x66, 0xff, 0xfe]), body: "x" }], /UTF-8/),
    tar("empty name", [{ name: "", body: "x" }], /no name/),
    tar("65 directories deep", longName(DEEP), /more than 64/),
    tar("the same file twice", [{ name: "a", body: "1" }, { name: "a", body: "2" }], /twice/),
    tar(
      "the same file twice, spelt with dots",
      [{ name: "a", body: "1" }, { name: "././a", body: "2" }],
      /twice/,
    ),
    tar(
      "names that differ in case",
      [{ name: "Read", body: "1" }, { name: "read", body: "2" }],
      /only in case/,
    ),
    tar(
      "directories that differ in case",
      [{ name: "A/x", body: "1" }, { name: "a/y", body: "2" }],
      /only in case/,
    ),
    tar("names that differ in composition", [{ name: "\u00e9" }, { name: "e\u0301" }], /only in case/),
    tar("names that fold together", [{ name: "stra\u00dfe" }, { name: "STRASSE" }], /only in case/),
    tar("file below a file", [{ name: "a", body: "1" }, { name: "a/b", body: "2" }], /below/),
    tar("file in place of a directory", [{ name: "a/b", body: "1" }, { name: "a", body: "2" }], /twice/),
    tar("directory in place of a file", [{ name: "a", body: "1" }, { type: "5", name: "a/" }], /twice/),
    tar("reserved name on Windows", [{ name: "a/NUL.txt", body: "x" }], /Windows/, { platform: "win32" }),
    tar("colon on Windows", [{ name: "a:stream", body: "x" }], /Windows|drive/, { platform: "win32" }),
    tar("trailing dot on Windows", [{ name: "a.", body: "x" }], /Windows/, { platform: "win32" }),
  ];
}

function tarLinks(): ArchiveCase[] {
  const link = (name: string, linkname: string): TarMember => ({ type: "2", name, linkname });
  const hard = (name: string, linkname: string): TarMember => ({ type: "1", name, linkname });
  return [
    tar("link: absolute", [link("l", "/etc/passwd")], /absolute path/),
    tar("link: parent", [link("l", "../outside")], /leaves/),
    tar("link: parent from a directory", [link("a/l", "../../outside")], /leaves/),
    tar("link: out and in again", [link("l", "../top/x")], /leaves/),
    tar("link: backslash", [link("l", "..\\outside")], /unsafe/),
    tar("link: drive letter", [link("l", "C:/x")], /absolute path/),
    tar("link: without a target", [link("l", "")], /nothing/),
    tar("link: pax target outside", [paxMember({ linkpath: "../../outside" }), link("l", "good")], /leaves/),
    tar("link: GNU long target outside", [gnuLongMember("../outside", "K"), link("l", "good")], /leaves/),
    tar("link: file written through it", [link("l", "d"), { name: "l/evil", body: "x" }], /below/),
    tar(
      "link: file written through it, link last",
      [{ name: "l/evil", body: "x" }, link("l", "..")],
      /twice/,
    ),
    tar("link: in place of a file", [{ name: "l", body: "x" }, link("l", "other")], /twice/),
    tar("link: file in its place", [link("l", "../canary"), { name: "l", body: "x" }], /twice/),
    tar(
      "link: in place of a file in other case",
      [{ name: "L", body: "x" }, link("l", "other")],
      /only in case/,
    ),
    tar("link: leaves through another link", [
      { type: "5", name: "a/b/" },
      link("a/b/top", "../.."),
      link("evil", "a/b/top/../outside"),
    ], /leaves/),
    tar(
      "link: chain that leaves in its last step",
      [link("a", "b"), link("b", "c"), link("c", "..")],
      /leaves/,
    ),
    tar("link: circle", [link("a", "b"), link("b", "a")], /circle/),
    tar("link: to itself", [link("a", "a")], /circle/),
    tar("hard link: absolute", [hard("h", "/etc/passwd")], /absolute path/),
    tar("hard link: parent", [hard("h", "../canary")], /"\.\."/),
    tar("hard link: to nothing", [hard("h", "missing")], /not a file/),
    tar("hard link: without a target", [hard("h", "")], /no name/),
    tar("hard link: to a symbolic link", [link("l", "x"), hard("h", "l")], /not a file/),
    tar("hard link: to a directory", [{ type: "5", name: "d/" }, hard("h", "d")], /not a file/),
    tar("hard link: to itself", [hard("h", "h")], /not a file/),
    tar("hard link: to another case", [{ name: "F", body: "x" }, hard("h", "f")], /not a file/),
    tar(
      "hard link: file written through it",
      [{ name: "f" }, hard("h", "f"), { name: "h", body: "x" }],
      /twice/,
    ),
    tar("hard link: target dropped by strip", [{ name: "f" }, hard("p/h", "f")], /nothing/, { strip: 1 }),
  ];
}

function tarKinds(): ArchiveCase[] {
  return [
    tar("character device", [{ type: "3", name: "dev" }], /character device/),
    tar("block device", [{ type: "4", name: "dev" }], /block device/),
    tar("FIFO", [{ type: "6", name: "fifo" }], /FIFO/),
    tar("contiguous file", [{ type: "7", name: "f", body: "x" }], /contiguous/),
    tar("GNU sparse file", [{ type: "S", name: "f", body: "x" }], /sparse/),
    tar("GNU volume label", [{ type: "V", name: "label" }], /volume label/),
    tar("continuation of another volume", [{ type: "M", name: "f", body: "x" }], /another volume/),
    tar("unknown kind", [{ type: "Z", name: "f", body: "x" }], /unknown kind/),
    tar("setuid", [{ name: "f", mode: 0o4755, body: "x" }], /setuid/),
    tar("setgid", [{ name: "f", mode: 0o2755, body: "x" }], /setuid or setgid/),
    tar("setgid directory", [{ type: "5", name: "d/", mode: 0o2755 }], /setuid or setgid/),
    tar("setuid by pax is not a thing", [paxMember({ mode: "4755" }), { name: "f", body: "x" }], {
      f: "f x",
    }),
  ];
}

function tarMetadata(): ArchiveCase[] {
  const rawPax = (body: string) => tarMember({ name: "PaxHeader", type: "x", body });
  return [
    tar(
      "pax: size",
      [paxMember({ size: "1" }), { name: "f", body: "x".repeat(600) }],
      /changes a file's contents/,
    ),
    tar(
      "pax: sparse",
      [paxMember({ "GNU.sparse.major": "1" }), { name: "f", body: "x" }],
      /changes a file's contents/,
    ),
    tar(
      "pax: global size",
      [paxMember({ size: "9" }, "g"), { name: "f", body: "x" }],
      /changes a file's contents/,
    ),
    tar("pax: record longer than its header", [rawPax("99 path=evil\n"), { name: "f" }], /wrong length/),
    tar("pax: record without a newline", [rawPax("13 path=evilX"), { name: "f" }], /wrong length/),
    tar("pax: record without a length", [rawPax("path=../evil\n"), { name: "f" }], /wrong length/),
    tar("pax: record of length 0", [rawPax("0 path=evil\n"), { name: "f" }], /wrong length/),
    tar("pax: record without a key", [rawPax("8 =evil\n"), { name: "f" }], /without a key|wrong length/),
    tar("pax: empty", [rawPax(""), { name: "f" }], /without content/),
    tar("pax: huge", [rawPax(" ".repeat(2 ** 20 + 1)), { name: "f" }], /metadata/),
    tar(
      "pax: a path for all files",
      [paxMember({ path: "good" }, "g"), { name: "f", body: "x" }],
      /names all its files/,
    ),
    tar(
      "pax: a link's target for all files",
      [paxMember({ linkpath: "good" }, "g"), { name: "f", body: "x" }],
      /names all its files/,
    ),
    tar(
      "a name from POSIX and another from GNU",
      [paxMember({ path: "good" }), gnuLongMember("evil"), { name: "f", body: "x" }],
      /two pieces of metadata/,
    ),
    tar(
      "two GNU link targets",
      [{ name: "a" }, gnuLongMember("a", "K"), gnuLongMember("b", "K"), { type: "2", name: "l" }],
      /two pieces of metadata/,
    ),
    tar(
      "a file named as a directory, with content that is another entry",
      [{ name: "d/", body: tarMember({ name: "inner" }) }, { name: "f" }],
      /directory with content/,
    ),
    tar("checksum with a space amid its digits", [{ name: "f", checksum: "61 00\0 " }], /checksum|not octal/),
    tar("pax: last path wins", [
      rawPax("13 path=good\n16 path=../evil\n"),
      { name: "f", body: "x" },
    ], /"\.\."/),
    tar(
      "pax: huge in pieces",
      [...Array.from({ length: 3 }, () => paxMember({ comment: "x".repeat(2 ** 19) })), { name: "f" }],
      /metadata/,
    ),
    tar("GNU long name: huge", [gnuLongMember("n".repeat(2 ** 20 + 1)), { name: "f" }], /metadata/),
  ];
}

function tarStructure(): ArchiveCase[] {
  const good = tarArchive({ name: "f", body: "content" });
  const gz = gzipSync(good);
  const gzCase = (name: string, bytes: Uint8Array, refused: RegExp, options: Options = {}) =>
    makeCase(`tar: ${name}`, { bytes, verdict: refused, options });
  const flipped = Buffer.from(gz);
  flipped.writeUInt8(flipped.readUInt8(gz.length - 6) ^ 1, gz.length - 6);
  const size = (field: number[]) => ({
    sizeField: new Uint8Array(field.concat(Array(12 - field.length).fill(0))),
  });
  return [
    gzCase("empty download", new Uint8Array(), /gzip/),
    gzCase("an HTML page", Buffer.from("<!doctype html><title>Sign in</title>"), /gzip/),
    gzCase("no gzip at all", good, /gzip/),
    gzCase("gzip cut in the middle", gz.subarray(0, gz.length >> 1), /gzip|tar/),
    gzCase("gzip without its checksum", gz.subarray(0, gz.length - 8), /gzip/),
    gzCase("gzip with a wrong checksum", flipped, /gzip/),
    gzCase("bytes after the gzip", Buffer.concat([gz, Buffer.from("more")]), /gzip|after its end/),
    gzCase("zeros after the gzip", Buffer.concat([gz, Buffer.alloc(64)]), /after its end/),
    gzCase(
      "zeros, then bytes after the gzip",
      Buffer.concat([gz, Buffer.from("\0evil")]),
      /gzip|after its end/,
    ),
    gzCase("second gzip with another tar", Buffer.concat([gz, gz]), /valid tar/),
    rawTar("empty tar", new Uint8Array(), /valid tar/),
    rawTar("cut in a header", good.subarray(0, 300), /valid tar/),
    rawTar("cut in a file", tarMember({ name: "f", body: "x".repeat(2000) }).subarray(0, 1024), /valid tar/),
    rawTar("without an end", good.subarray(0, 1024), /valid tar/),
    rawTar("half an end", good.subarray(0, 1536), /valid tar/),
    rawTar("bytes after the end", Buffer.concat([good, Buffer.from("evil".repeat(128))]), /valid tar/),
    rawTar("an entry after the end", Buffer.concat([good, tarArchive({ name: "evil" })]), /valid tar/),
    rawTar(
      "one block of zeros between entries",
      Buffer.concat([tarMember({ name: "a" }), Buffer.alloc(512), good]),
      /valid tar/,
    ),
    tar("wrong checksum", [{ name: "f", checksum: "000000\0 " }], /valid tar/),
    tar("checksum that is no number", [{ name: "f", checksum: "zzzzzz\0 " }], /valid tar/),
    tar("size in base 256", [{ name: "f", ...size([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4]) }], /octal/),
    tar("negative size", [{ name: "f", ...size([0xff, 0xff, 0xff, 0xff, 0xff]) }], /octal/),
    tar("size that is no number", [{ name: "f", ...size([0x7a, 0x7a]) }], /octal/),
    tar(
      "size larger than the archive",
      [{ name: "f", sizeField: Buffer.from("00000077777\0") }],
      /valid tar/,
    ),
    tar("size that swallows the next header", [
      { name: "f", body: "x", sizeField: Buffer.from("00000002000\0") },
      { name: "hidden", body: "x" },
    ], /octal number|valid tar/),
    tar(
      "one entry too many",
      Array.from({ length: 6 }, (_, n) => ({ name: `f${n}` })),
      /more than 5 entries/,
      {
        limits: SMALL,
      },
    ),
    tar("one byte too many", [{ name: "f", body: new Uint8Array(100_001) }], /more than 100000 bytes/, {
      limits: SMALL,
    }),
    tar("one directory too deep", [{ name: "1/2/3/4/5" }], /more than 4/, { limits: SMALL }),
    tar("bomb", [{ name: "f", body: new Uint8Array(24 * 2 ** 20) }], /times its size/, {
      limits: { ...ARCHIVE_LIMITS, ratio: 500 },
    }),
  ];
}

function tarSound(): ArchiveCase[] {
  const limits = { limits: SMALL };
  return [
    tar("sound: files, directories, modes", [
      { type: "5", name: "d/" },
      { name: "d/run", body: "go", mode: 0o755 },
      { name: "d/data", body: "", mode: 0o600 },
      { name: "odd", body: "x", mode: 0o777 },
    ], { d: "dir", "d/run": "x go", "d/data": "f ", odd: "x x" }),
    tar("sound: directories twice, and implied before they are named", [
      { name: "d/f", body: "x" },
      { type: "5", name: "d/" },
      { type: "5", name: "d/" },
    ], { d: "dir", "d/f": "f x" }),
    tar("sound: names with dots and double slashes", [{ name: "./a//b/./c", body: "x" }], {
      a: "dir",
      "a/b": "dir",
      "a/b/c": "f x",
    }),
    tar("sound: dots that are names", [{ name: "...", body: "1" }, { name: ".hidden", body: "2" }], {
      "...": "f 1",
      ".hidden": "f 2",
    }),
    tar("sound: root entry", [{ type: "5", name: "./" }, { name: "./f", body: "x" }], { f: "f x" }),
    tar(
      "sound: strip",
      [
        { type: "5", name: "package/" },
        { name: "package/bin/run", body: "x", mode: 0o755 },
        { name: "README", body: "dropped" },
      ],
      { bin: "dir", "bin/run": "x x" },
      { strip: 1 },
    ),
    tar("sound: old kind of file", [{ type: "\0", name: "f", body: "x", magic: "" }], { f: "f x" }),
    tar("sound: pax path and ignored records", [
      paxMember({ comment: "hello", path: `${"long/".repeat(30)}name`, mtime: "1.5" }),
      { name: "cut", body: "x" },
    ], {
      ...Object.fromEntries(
        Array.from({ length: 30 }, (_, n) => [Array(n + 1).fill("long").join("/"), "dir"]),
      ),
      [`${"long/".repeat(30)}name`]: "f x",
    }),
    tar("sound: pax global comment", [paxMember({ comment: "0123abc" }, "g"), { name: "f", body: "x" }], {
      f: "f x",
    }),
    tar("sound: long names, one from POSIX and one from GNU", [
      paxMember({ path: "posix" }),
      { name: "f", body: "x" },
      gnuLongMember("gnu"),
      { name: "g", body: "y" },
    ], { posix: "f x", gnu: "f y" }),
    tar("sound: name that begins like a mark of the byte order", [{ name: "\ufefff", body: "x" }], {
      "\ufefff": "f x",
    }),
    tar("sound: GNU long name", [gnuLongMember(`${"n".repeat(120)}`), { name: "cut", body: "x" }], {
      [`${"n".repeat(120)}`]: "f x",
    }),
    tar("sound: ustar prefix", [{ prefix: "a/b", name: "c", body: "x" }], {
      a: "dir",
      "a/b": "dir",
      "a/b/c": "f x",
    }),
    tar("sound: links inside", [
      { name: "lib/real", body: "x" },
      { type: "2", name: "bin/tool", linkname: "../lib/real" },
      { type: "2", name: "alias", linkname: "bin/tool" },
      { type: "1", name: "same", linkname: "lib/real" },
    ], {
      lib: "dir",
      "lib/real": "f x",
      bin: "dir",
      "bin/tool": "-> ../lib/real",
      alias: "-> bin/tool",
      same: "f x",
    }),
    tar("sound: link to what comes later", [
      { type: "2", name: "l", linkname: "later" },
      { name: "later", body: "x" },
    ], { l: "-> later", later: "f x" }),
    tar("sound: link to nothing, inside", [{ type: "2", name: "l", linkname: "missing" }], {
      l: "-> missing",
    }),
    tar(
      "sound: hard link under strip",
      [
        { name: "p/f", body: "x" },
        { type: "1", name: "p/h", linkname: "p/f" },
      ],
      { f: "f x", h: "f x" },
      { strip: 1 },
    ),
    tar("sound: Windows names elsewhere", [{ name: "aux.c", body: "x" }, { name: "ab:c", body: "y" }], {
      "aux.c": "f x",
      "ab:c": "f y",
    }),
    tar("sound: name of 255 bytes", longName("n".repeat(255)), { ["n".repeat(255)]: "f x" }),
    tar("sound: as many entries as allowed", [..."12345"].map((name) => ({ name })), {
      1: "f ",
      2: "f ",
      3: "f ",
      4: "f ",
      5: "f ",
    }, limits),
    tar("sound: as deep as allowed", [{ name: "1/2/3/4", body: "x" }], {
      1: "dir",
      "1/2": "dir",
      "1/2/3": "dir",
      "1/2/3/4": "f x",
    }, limits),
    tar("sound: no entries", [], {}),
  ];
}

const S_IFLNK = 0o120777;

function zipNames(): ArchiveCase[] {
  return [
    ...BAD_NAMES.map(([what, name, refused]) => zip(`name: ${what}`, [{ name, body: "x" }], refused)),
    ...BAD_NAMES.slice(0, 8).map(([what, name, refused]) =>
      zip(
        `Unicode path field: ${what}`,
        [{ name: "good", flags: 0, extra: unicodePath("good", name) }],
        refused,
      )
    ),
    zip("name: NUL", [{ name: "good\0.txt", body: "x" }], /control character/),
    zip("name: not UTF-8", [{ name: new Uint8Array([0x66, 0xff, 0xfe]), body: "x" }], /UTF-8/),
    zip("name: empty", [{ name: "", body: "x" }], /no name/),
    zip("65 directories deep", [{ name: DEEP, body: "x" }], /more than 64/),
    zip("directory outside", [{ name: "../evil/" }], /relative path/),
    zip("another name in the local header", [{ name: "good", local: { name: "evil" } }], /another name/),
    zip("a parent in the local header", [{ name: "good", local: { name: "../evil" } }], /another name/),
    zip(
      "Unicode path field: another name",
      [{ name: "good", flags: 0, extra: unicodePath("good", "other") }],
      /Unicode path/,
    ),
    zip("the same file twice", [{ name: "a", body: "1" }, { name: "a", body: "2" }], /twice/),
    zip("names that differ in case", [{ name: "A", body: "1" }, { name: "a", body: "2" }], /only in case/),
    zip("directories that differ in case", [{ name: "A/x" }, { name: "a/y" }], /only in case/),
    zip("names that differ in composition", [{ name: "\u00e9" }, { name: "e\u0301" }], /only in case/),
    zip("file below a file", [{ name: "a", body: "1" }, { name: "a/b", body: "2" }], /below/),
    zip("directory in place of a file", [{ name: "a", body: "1" }, { name: "a/" }], /twice/),
    zip("reserved name on Windows", [{ name: "COM1", body: "x" }], /Windows/, { platform: "win32" }),
    zip("stream name on Windows", [{ name: "file:s", body: "x" }], /Windows/, { platform: "win32" }),
  ];
}

function zipLinks(): ArchiveCase[] {
  const link = (name: string, target: string): ZipMember => ({ name, body: target, mode: S_IFLNK });
  return [
    zip("link: absolute", [link("l", "/etc/passwd")], /absolute path/),
    zip("link: parent", [link("l", "../outside")], /leaves/),
    zip("link: deflated", [{ ...link("l", "../outside"), method: 8 }], /leaves/),
    zip("link: backslash", [link("l", "..\\outside")], /unsafe/),
    zip("link: NUL", [link("l", "good\0/../../x")], /unsafe/),
    zip("link: empty", [link("l", "")], /nothing/),
    zip("link: not UTF-8", [{ name: "l", body: new Uint8Array([0xff]), mode: S_IFLNK }], /unsafe/),
    zip("link: very long", [link("l", "x".repeat(5000))], /too long/),
    zip("link: made by DOS", [{ ...link("l", "good"), host: 0 }], /only to some readers/),
    zip("link: named as a directory", [link("l/", "good")], /only to some readers/),
    zip("link: file written through it", [link("l", "d"), { name: "l/evil", body: "x" }], /below/),
    zip("link: file in its place", [link("l", "../canary"), { name: "l", body: "x" }], /twice/),
    zip(
      "link: leaves through another link",
      [link("a/b/top", "../.."), link("evil", "a/b/top/../outside")],
      /leaves/,
    ),
    zip("link: circle", [link("a", "b"), link("b", "a")], /circle/),
  ];
}

function zipKinds(): ArchiveCase[] {
  return [
    zip("character device", [{ name: "dev", mode: 0o020644 }], /device/),
    zip("block device", [{ name: "dev", mode: 0o060644 }], /device/),
    zip("FIFO", [{ name: "fifo", mode: 0o010644 }], /FIFO/),
    zip("socket", [{ name: "socket", mode: 0o140644 }], /socket/),
    zip("setuid", [{ name: "f", mode: 0o104755 }], /setuid/),
    zip("setgid", [{ name: "f", mode: 0o102755 }], /setuid or setgid/),
    zip("file named as a directory", [{ name: "d/", mode: 0o100644 }], /only to some readers/),
    zip("directory named as a file", [{ name: "d", mode: 0o040755 }], /only to some readers/),
    zip("directory with content", [{ name: "d/", body: "x" }], /directory with content/),
    zip(
      "encrypted",
      [{ name: "f", body: "x", flags: 0x801, compressedSize: 13, uncompressedSize: 1 }],
      /zip|encrypted|described/,
    ),
    zip("strongly encrypted", [{ name: "f", body: "x", flags: 0x840 }], /encryption/),
    zip(
      "encrypted only in the local header",
      [{ name: "f", body: "x", local: { flags: 1 } }],
      /described differently/,
    ),
    zip("unknown compression", [{ name: "f", body: "x", method: 12 }], /compression method 12/),
    zip(
      "another compression in the local header",
      [{ name: "f", body: "x", local: { method: 8 } }],
      /described differently/,
    ),
  ];
}

function zipStructure(): ArchiveCase[] {
  const good: ZipMember = { name: "f", body: "content" };
  const bytes = zipArchive([good]);
  const raw = (name: string, archive: Uint8Array, refused: RegExp) =>
    makeCase(`zip: ${name}`, { bytes: archive, verdict: refused, options: {} });
  const zeros = (size: number) => new Uint8Array(size);
  return [
    raw("empty download", new Uint8Array(), /valid zip/),
    raw("an HTML page", Buffer.from("<!doctype html>".repeat(9)), /valid zip/),
    raw("cut at the end", bytes.subarray(0, bytes.length - 4), /valid zip/),
    raw("cut in the middle", bytes.subarray(0, bytes.length >> 1), /valid zip/),
    raw("cut at the start", bytes.subarray(10), /valid zip/),
    zip("bytes after the end", [good], /valid zip/, { shape: { after: Buffer.from("evil") } }),
    zip("second end in the comment", [good], /valid zip/, {
      shape: { comment: zipArchive([{ name: "evil" }]).slice(-22), after: Buffer.from("x") },
    }),
    zip("more entries than there are", [good], /valid zip/, { shape: { entryCount: 2 } }),
    zip("table of contents elsewhere", [good], /valid zip/, { shape: { directoryOffset: 5 } }),
    zip("table of contents beyond the end", [good], /valid zip/, { shape: { directoryOffset: 1e6 } }),
    zip("several disks", [good], /valid zip/, { shape: { disk: 1 } }),
    zip("entry beyond the end", [{ ...good, offset: 1e6 }], /valid zip/),
    zip("entry that points elsewhere", [good, { ...good, name: "g", offset: 3 }], /valid zip/),
    zip("wrong checksum", [{ ...good, crc: 1 }], /checksum/),
    zip("wrong checksum, deflated", [{ ...good, crc: 1, method: 8 }], /checksum/),
    zip("size too small", [{ ...good, method: 8, uncompressedSize: 3 }], /valid zip/),
    zip("size too large", [{ ...good, method: 8, uncompressedSize: 99 }], /valid zip/),
    zip("stored sizes that differ", [{ ...good, uncompressedSize: 3 }], /valid zip/),
    zip("compressed size too large", [{ ...good, method: 8, compressedSize: 1e6 }], /valid zip/),
    zip("compressed size too small", [{ ...good, method: 8, compressedSize: 3 }], /valid zip/),
    zip("no valid deflate", [{ name: "f", body: "content", method: 8, compressedSize: 2 }], /valid zip/),
    zip("two entries with the same bytes", [good, { ...good, sharesBytesOf: 0 }], /twice|shares its bytes/),
    zip(
      "two names for the same bytes",
      [{ ...good, name: "a" }, { ...good, name: "a", sharesBytesOf: 0 }],
      /shares its bytes|twice/,
    ),
    zip(
      "extra field longer than its space",
      [{ ...good, extra: new Uint8Array([1, 0, 99, 0]) }],
      /valid zip/,
    ),
    zip("zip64 size without a value", [{
      ...good,
      uncompressedSize: 0xffffffff,
      extra: extraField(1, zeros(0)),
    }], /valid zip/),
    zip("one entry too many", [..."123456"].map((name) => ({ name })), /more than 5 entries/, {
      limits: SMALL,
    }),
    zip("one byte too many", [{ name: "f", body: zeros(100_001), method: 8 }], /more than 100000 bytes/, {
      limits: SMALL,
    }),
    zip("one directory too deep", [{ name: "1/2/3/4/5" }], /more than 4/, { limits: SMALL }),
    zip("bomb", [{ name: "f", body: zeros(24 * 2 ** 20), method: 8 }], /times its size/, {
      limits: { ...ARCHIVE_LIMITS, ratio: 500 },
    }),
  ];
}

function zipSound(): ArchiveCase[] {
  return [
    zip("sound: files, directories, modes", [
      { name: "d/" },
      { name: "d/run", body: "go", mode: 0o100755, method: 8 },
      { name: "d/data", body: "", mode: 0o100600 },
    ], { d: "dir", "d/run": "x go", "d/data": "f " }),
    zip("sound: made by DOS", [{ name: "tool.exe", body: "MZ", host: 0, mode: 0 }], { "tool.exe": "f MZ" }),
    zip("sound: link inside", [{ name: "lib/f", body: "x" }, { name: "l", body: "lib/f", mode: S_IFLNK }], {
      lib: "dir",
      "lib/f": "f x",
      l: "-> lib/f",
    }),
    zip("sound: strip", [{ name: "p/" }, { name: "p/f", body: "x" }, { name: "top", body: "dropped" }], {
      f: "f x",
    }, {
      strip: 1,
    }),
    zip("sound: comment", [{ name: "f", body: "x" }], { f: "f x" }, { shape: { comment: "hello" } }),
    zip("sound: bytes before the first entry", [{ name: "f", body: "x" }], { f: "f x" }, {
      shape: { before: Buffer.from("#!/bin/sh\n") },
    }),
    zip("sound: large and deflated", [{ name: "f", body: "0123456789".repeat(50_000), method: 8 }], {
      f: `f ${"0123456789".repeat(50_000)}`,
    }),
    zip("sound: name in UTF-8", [{ name: "\u00fc/\u65e5\u672c", body: "x" }], {
      "\u00fc": "dir",
      "\u00fc/\u65e5\u672c": "f x",
    }),
    zip("sound: no entries", [], {}),
  ];
}
