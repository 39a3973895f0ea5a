/**
 * INI as Python's ConfigParser reads it for supervisord: an indented line goes on with the value before, and
 * a comment begins a line, or follows a blank as `;`. npm's `ini` knows neither, and cuts a shell's `;` off.
 */
export interface Section {
  name: string;
  values: Map<string, string>;
}

/** @param onProblem what no line of such a file can be */
export function parseSections(text: string, onProblem: (line: number, text: string) => void): Section[] {
  const sections: Section[] = [];
  let key: string | undefined;
  for (const [at, line] of text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/).entries()) {
    if (/^\s*([;#]|$)/.test(line)) continue;
    const section = sections.at(-1);
    const content = line.replace(/\s;.*$/, "").trimEnd();
    const [, name] = /^\[([^\]]+)\]/.exec(content) ?? [];
    const [, found, value = ""] = /^([^=:\s][^=:]*?)\s*[=:]\s*(.*)$/.exec(content) ?? [];
    if (name !== undefined) {
      sections.push({ name: name.trim(), values: new Map() });
      key = undefined;
    } else if (/^\s/.test(line) && section !== undefined && key !== undefined) {
      section.values.set(key, `${section.values.get(key) ?? ""}\n${content.trim()}`);
    } else if (section !== undefined && found !== undefined) {
      key = found.toLowerCase();
      section.values.set(key, value.trim());
    } else onProblem(at + 1, content.trim());
  }
  return sections;
}
