/**
 * A request that allows a newer version, as exact as the old one: `22` for 24.1.0 is `24`, `^1.2` is `^24.1`.
 *
 * @returns the same text when it allows any version, as `latest` does
 */
export function bumpRequest(request: string, version: string): string {
  const text = request.trim();
  const [, sign, numbers = ""] = /^((?:[\^~=v]|>=)?\s*)(\d+(?:\.\d+)*)$/.exec(text) ?? [];
  if (sign !== undefined) {
    const [plain = version] = version.split(/[-+]/);
    const parts = numbers.split(".").length;
    return parts >= 3 ? `${sign}${version}` : `${sign}${plain.split(".").slice(0, parts).join(".")}`;
  }
  if (/^[\^~=v]?\s*\d+\.\d+\.\d+[-+]/.test(text)) return `${/^[\^~]/.exec(text)?.[0] ?? ""}${version}`;
  // A tag stays what it is; a range of another form gives way to the newest major.
  if (!/\d/.test(text)) return text;
  const [major = "", minor = ""] = version.split(".");
  return major === "0" ? `${major}.${minor}` : major;
}
