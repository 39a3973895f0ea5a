/** `http://localhost:3000/`, `listening on 127.0.0.1:3000`, `port 3000` */
const SAID = [
  /https?:\/\/(?:localhost|127\.0\.0\.1|\[::1?\]|0\.0\.0\.0):(\d{2,5})/i,
  /(?:localhost|127\.0\.0\.1|\[::1?\]|0\.0\.0\.0):(\d{2,5})/i,
  /\bport:?\s+(\d{2,5})\b/i,
];

/** The port that an app says it listens on, in the newest of its lines that says so. */
export function portIn(lines: readonly string[]): number | undefined {
  for (const line of [...lines].reverse()) {
    for (const pattern of SAID) {
      const port = Number(pattern.exec(line)?.[1]);
      if (port > 0 && port < 65_536) return port;
    }
  }
  return undefined;
}
