import { chmodSync, statSync } from "node:fs";
import process from "node:process";
import { errorCode, errorMessage, HaftError } from "../base/errors.ts";
import { readTextFile } from "../base/read_text_file.ts";
import { writeAtomic } from "../base/write_atomic.ts";
import { type UserKey, userKey } from "./nkey.ts";

/** What this machine shows to the fleet's server, and signs its requests with. */
export interface Credentials {
  key: UserKey;
  /** The text of a creds file, which has a JWT beside the seed; undefined for a seed alone. */
  creds: string | undefined;
}

/** @throws {HaftError} when the file is not there, is open to others, or is no key */
export function readCredentials(path: string): Credentials {
  let text: string;
  try {
    const { mode } = statSync(path);
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      throw new HaftError(`The key "${path}" can be read by others`, { next: `Run "chmod 600 ${path}"` });
    }
    text = readTextFile(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    throw new HaftError(`The fleet's key "${path}" is not there`, {
      next: 'Run "haft fleet join" with the file that "haft fleet add-host" wrote',
    });
  }
  return parseCredentials(text, path);
}

/** @throws {HaftError} when the text holds no user's seed */
export function parseCredentials(text: string, path: string): Credentials {
  const seed = /\bSU[A-Z2-7]{56}\b/.exec(text)?.[0];
  if (seed === undefined) throw new HaftError(`"${path}" holds no NATS user's seed (SU…)`);
  try {
    const creds = text.includes("BEGIN NATS USER JWT") ? text : undefined;
    return { key: userKey(seed), creds };
  } catch (error) {
    throw new HaftError(`"${path}" holds no NATS user's seed: ${errorMessage(error)}`);
  }
}

/** Writes a secret for its user alone. */
export function writeSecret(path: string, text: string): void {
  writeAtomic(path, text, { mode: 0o600 });
  if (process.platform !== "win32") chmodSync(path, 0o600);
}
