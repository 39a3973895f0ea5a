import { posix } from "node:path";
import type { TreeWriter } from "../archive/tree_writer.ts";

/**
 * Writes what starts a jar: with the java on PATH, where a project's own comes first, else with JAVA_HOME's.
 *
 * @param path of the launcher below the tree
 * @param jar below the tree
 */
export async function writeJavaLauncher(writer: TreeWriter, path: string, jar: string): Promise<void> {
  writer.countEntry();
  const components = writer.place(path, { strip: 0, into: "" });
  if (components === undefined) throw new Error(`"${path}" is no path below the tree`);
  const sink = writer.file(components, { executable: true });
  const relative = posix.relative(posix.dirname(path), jar);
  const text = path.endsWith(".cmd") ? cmdLauncher(relative) : shLauncher(relative);
  sink.write(new TextEncoder().encode(text));
  await sink.close();
}

function shLauncher(jar: string): string {
  return `#!/bin/sh
# Written by haft.
if command -v java >/dev/null 2>&1; then java=java
elif [ -n "\${JAVA_HOME:-}" ] && [ -x "$JAVA_HOME/bin/java" ]; then java=$JAVA_HOME/bin/java
else
  echo "There is no java on PATH, and none in JAVA_HOME" >&2
  echo '  Run "haft use java", or install one' >&2
  exit 127
fi
exec "$java" -jar "\${0%/*}/${jar}" "$@"
`;
}

function cmdLauncher(jar: string): string {
  return `@echo off\r
rem Written by haft.\r
where java >nul 2>nul && (java -jar "%~dp0${jar.replaceAll("/", "\\")}" %* & exit /b)\r
"%JAVA_HOME%\\bin\\java" -jar "%~dp0${jar.replaceAll("/", "\\")}" %*\r
`;
}
