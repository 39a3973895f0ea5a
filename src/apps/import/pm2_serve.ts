/** `script: "serve"` is pm2's own server of static files; npm's `serve` does the same. */
import type { Draft } from "./draft.ts";
import { asTexts } from "./values.ts";

const PREFIX = "PM2_SERVE_";

/** To be called after its variables were read. */
export function setPm2Serve(draft: Draft): void {
  const { command, args = [] } = draft.table;
  if (!Array.isArray(command) || command.length !== 1 || command[0] !== "serve") return;
  const env = draft.tableOf("env");
  const [directory, port] = asTexts(args);
  const options = new Map(
    Object.entries(env).filter(([name]) => name.startsWith(PREFIX)).map((
      [name, value],
    ) => [name, String(value)]),
  );
  const take = (name: string): string | undefined => {
    const value = options.get(`${PREFIX}${name}`);
    options.delete(`${PREFIX}${name}`);
    return value;
  };
  const isSinglePage = take("SPA") === "true";
  draft.set("command", [
    "npx",
    "--yes",
    "serve",
    "--listen",
    take("PORT") ?? port ?? "8080",
    ...isSinglePage ? ["--single"] : [],
    take("PATH") ?? directory ?? ".",
  ]);
  delete draft.table["args"];
  if (options.get(`${PREFIX}HOMEPAGE`) === "/index.html") take("HOMEPAGE");
  draft.note("script", "serve is pm2's own server of files; npm's package of that name takes its place");
  for (const name of options.keys()) draft.note(`env.${name}`, "npm's serve does not know it");
  const rest = Object.entries(env).filter(([name]) => !name.startsWith(PREFIX));
  if (rest.length > 0) draft.set("env", Object.fromEntries(rest));
  else delete draft.table["env"];
}
