import { format as formatSize } from "@std/fmt/bytes";
import { format as formatSpan } from "@std/fmt/duration";

/** `35.0 MB`; whole numbers below a megabyte, so that small sizes do not flicker. */
export function formatBytes(bytes: number): string {
  const digits = bytes < 1_000_000 ? 0 : 1;
  return formatSize(bytes, { locale: "en", minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** `21.7 / 35.0 MB`, or `900 kB / 35.0 MB`. */
export function formatProgress(bytes: number, total: number): string {
  const [done, whole] = [formatBytes(bytes), formatBytes(total)];
  const unit = whole.slice(whole.indexOf(" "));
  return `${done.endsWith(unit) ? done.slice(0, -unit.length) : done} / ${whole}`;
}

/** `48.2 MB/s`. */
export function formatSpeed(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** `0.4s`, `1m 39s`. */
export function formatTime(milliseconds: number): string {
  if (milliseconds < 60_000) return `${(Math.max(0, milliseconds) / 1000).toFixed(1)}s`;
  return formatSpan(Math.round(milliseconds / 1000) * 1000, { ignoreZero: true });
}
