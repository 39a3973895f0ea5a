import { endpointPath } from "../../src/socket/endpoint.ts";
import { LIMITS } from "../../src/socket/limits.ts";
import { ERROR_CODES } from "../../src/protocol/wire_error.ts";
import { isMessage } from "../../src/protocol/is_message.ts";
import { errorMessage } from "../../src/base/errors.ts";
import { ANSWERS } from "./vector_answers.ts";
import { ENVELOPES } from "./vector_envelopes.ts";
import { FRAMES } from "./vector_frames.ts";
import { handshakeVectors } from "./vector_handshake.ts";
import { bytesOf, type Piece, verdictOn } from "./frame_verdict.ts";

/** A stream of bytes, and what comes of it. */
export interface FrameVector {
  name: string;
  /** The bytes: each piece, so many times. */
  pieces: Piece[];
  max_frame_bytes: number;
  framing: string | null;
  /**
   * The value of each frame before the refusal, as JSON; absent where they are large, and `count` says how
   * many.
   */
  values?: string[];
  count: number;
  refusal: string | null;
}

/** A value too large to be repeated in a file. */
const LARGE = 4096;

/** Every file of tests/vectors, made from the sources. */
export function vectorFiles(): Record<string, unknown> {
  return {
    "frames.json": FRAMES.map(({ name, pieces, maxFrameBytes = LIMITS.frame }): FrameVector => {
      const { framing, values, refusal } = verdictOn(bytesOf(pieces), { maxFrameBytes });
      return {
        name,
        pieces,
        max_frame_bytes: maxFrameBytes,
        framing,
        ...(JSON.stringify(values).length > LARGE
          ? {}
          : { values: values.map((value) => JSON.stringify(value)) }),
        count: values.length,
        refusal,
      };
    }),
    "envelopes.json": ENVELOPES.map((value) => ({ value, accepted: isMessage(value) })),
    "answers.json": ANSWERS,
    "errors.json": ERROR_CODES,
    "limits.json": LIMITS,
    "pipe_handshake.json": handshakeVectors(),
    "endpoints.json": ENDPOINTS.map((row) => ({ ...row, ...endpointVerdict(row) })),
  };
}

interface EndpointRow {
  name: string;
  env: Record<string, string>;
  platform: "linux" | "darwin" | "win32";
  uid: number | null;
}

const ENDPOINTS: EndpointRow[] = [
  ...[
    "daemon",
    "a",
    "a.b_c+d@e-f",
    "",
    ".hidden",
    "-x",
    "a/b",
    "a..b",
    "a b",
    "é",
    "x".repeat(128),
    "x".repeat(129),
  ]
    .map((name): EndpointRow => ({
      name,
      env: { XDG_RUNTIME_DIR: "/run/user/7" },
      platform: "win32",
      uid: null,
    })),
  ...["daemon", "a..b", "a\nb", "a\n"].map((name): EndpointRow => ({
    name,
    env: { XDG_RUNTIME_DIR: "/run/user/7" },
    platform: "linux",
    uid: 7,
  })),
  ...["/run/user/7", "/run/user/7/", "relative", ""].map((directory): EndpointRow => ({
    name: "daemon",
    env: { XDG_RUNTIME_DIR: directory },
    platform: "linux",
    uid: 7,
  })),
  // "/r" + "x"… + "/haft/n.sock" at the limit, and one past it.
  ...(["linux", "darwin"] as const).flatMap((platform) =>
    [0, 1].map((past): EndpointRow => ({
      name: "n",
      env: {
        XDG_RUNTIME_DIR: `/${"r".repeat(LIMITS.socketPath[platform] - 1 - "/haft/n.sock".length + past)}`,
      },
      platform,
      uid: 7,
    }))
  ),
];

function endpointVerdict({ name, env, platform, uid }: EndpointRow): { path: string } | { refusal: string } {
  try {
    const context = { env, platform, uid: uid ?? undefined, tmpdir: "/tmp", user: "user" };
    return { path: endpointPath(name, context) };
  } catch (error) {
    return { refusal: errorMessage(error) };
  }
}
