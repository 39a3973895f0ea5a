import { Buffer } from "node:buffer";
import { crc32, deflateSync } from "node:zlib";

const SIZE = 128;
const SAMPLES = 4;

type Rgb = readonly [number, number, number];
const GROUND: Rgb = [28, 42, 58];
const BLADE: Rgb = [120, 200, 255];
const HANDLE: Rgb = [240, 170, 80];

/** The extension's icon, a tool with its haft, as a PNG. */
export function iconPng(): Uint8Array {
  const rows = Buffer.alloc(SIZE * (SIZE * 4 + 1));
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      rows.set(pixel(x, y), y * (SIZE * 4 + 1) + 1 + x * 4);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIZE, 0);
  header.writeUInt32BE(SIZE, 4);
  header.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** The mean of a few points of the pixel, so that edges are smooth. */
function pixel(x: number, y: number): number[] {
  let [red, green, blue, alpha] = [0, 0, 0, 0];
  for (let at = 0; at < SAMPLES * SAMPLES; at++) {
    const found = colourAt(
      x + (at % SAMPLES + 0.5) / SAMPLES,
      y + (Math.floor(at / SAMPLES) + 0.5) / SAMPLES,
    );
    if (found === undefined) continue;
    [red, green, blue, alpha] = [red + found[0], green + found[1], blue + found[2], alpha + 1];
  }
  const count = Math.max(alpha, 1);
  return [red / count, green / count, blue / count, alpha * 255 / (SAMPLES * SAMPLES)].map(Math.round);
}

function colourAt(x: number, y: number): Rgb | undefined {
  if (!inRounded({ x, y, left: 0, top: 0, right: SIZE, bottom: SIZE, radius: 26 })) return undefined;
  // Along the tool, which leans to the right, and across it.
  const along = (x - 64) * Math.SQRT1_2 - (y - 64) * Math.SQRT1_2;
  const across = (x - 64) * Math.SQRT1_2 + (y - 64) * Math.SQRT1_2;
  const shape = { x: along, y: across };
  if (inRounded({ ...shape, left: -48, top: -8, right: 12, bottom: 8, radius: 7 })) return HANDLE;
  if (inRounded({ ...shape, left: 8, top: -26, right: 40, bottom: 26, radius: 9 })) return BLADE;
  return GROUND;
}

function inRounded(
  { x, y, left, top, right, bottom, radius }: {
    x: number;
    y: number;
    left: number;
    top: number;
    right: number;
    bottom: number;
    radius: number;
  },
): boolean {
  const nearX = Math.min(Math.max(x, left + radius), right - radius);
  const nearY = Math.min(Math.max(y, top + radius), bottom - radius);
  return Math.hypot(x - nearX, y - nearY) <= radius;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  whole.set(body, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}
