import { parse } from "dotenv";

/**
 * The variables in the text of a `.env` file. dotenv is imported statically, as the bundle wants CommonJS.
 */
export function parseVariables(text: string): Record<string, string> {
  return parse(text);
}
