/** How a JavaScript tool's script is started: a program, and what comes before the tool's own arguments. */
export interface ScriptCommand {
  file: string;
  args: string[];
  env: Record<string, string>;
}
