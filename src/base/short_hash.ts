/** 16 hex digits for a text: FNV-1a twice, without the millisecond that loading node:crypto takes. */
export function shortHash(text: string): string {
  let [low, high] = [0x811c9dc5, 0x9e3779b9];
  // By place: an iterator takes several times as long where nothing is compiled yet.
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x85ebca6b);
  }
  return (low >>> 0).toString(16).padStart(8, "0") + (high >>> 0).toString(16).padStart(8, "0");
}
