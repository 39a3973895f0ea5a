/** The session that the landing page plays, and that a test runs: a project of three files, from nothing. */
export const DEMO_FILES: Readonly<Record<string, string>> = {
  "Procfile": "web: deno serve --port $PORT server.ts\n",
  "biome.json": "{}\n",
  "deno.json": "{}\n",
  "server.ts": 'export default { fetch: () => new Response("Hello\\n") };\n',
};

export interface DemoStep {
  /** What is typed at the prompt. */
  line: string;
  /** What the screen shows before `keys` are pressed. Default: the next prompt, and no keys. */
  until?: string;
  keys?: string;
}

export const DEMO: readonly DemoStep[] = [
  { line: "ls" },
  { line: "haft init" },
  { line: "haft sync" },
  { line: "haft exec biome -- --version" },
  { line: `printf '\\n[tasks]\\nlint = "biome lint --error-on-warnings"\\n' >> haft.toml` },
  { line: "haft trust" },
  { line: "haft run lint" },
  { line: "haft app up", until: "Listening on", keys: "q" },
  { line: "haft app start" },
  { line: "haft app status" },
];

/** The terminal's size. */
export const DEMO_COLUMNS = 84;
export const DEMO_ROWS = 24;
