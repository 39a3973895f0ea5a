/**
 * A SQLite file that survives damage. Damage shows when a page is read, which may be long after the file was
 * opened; whichever statement meets it sets the file aside and is carried out on a new, empty one.
 */
import { closeSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { errorMessage } from "../base/errors.ts";
import { makePrivateDirectory } from "../base/private_directory.ts";
import { setAside, setAsideUnlessFile } from "../base/set_aside.ts";

export type SqlValue = string | number | null;
type Row = Record<string, unknown>;

export class TaskDatabase implements Disposable {
  readonly #path: string;
  readonly #migrations: readonly string[];
  readonly #statements = new Map<string, StatementSync>();
  #database: DatabaseSync;

  /** @param migrations each brings the file from the version before to the next */
  constructor(path: string, migrations: readonly string[]) {
    this.#path = path;
    this.#migrations = migrations;
    makePrivateDirectory(dirname(path));
    setAsideUnlessFile(path);
    try {
      this.#database = this.#open();
    } catch (error) {
      if (!isDamage(error)) throw this.#named(error);
      this.#setAside();
      this.#database = this.#open();
    }
  }

  run(
    sql: string,
    ...parameters: SqlValue[]
  ): { changes: number | bigint; lastInsertRowid: number | bigint } {
    return this.#mending(() => this.#prepare(sql).run(...parameters));
  }

  get(sql: string, ...parameters: SqlValue[]): Row | undefined {
    return this.#mending(() => this.#prepare(sql).get(...parameters));
  }

  all(sql: string, ...parameters: SqlValue[]): Row[] {
    return this.#mending(() => this.#prepare(sql).all(...parameters));
  }

  begin(): void {
    this.#mending(() => this.#database.exec("BEGIN"));
  }

  /** @throws when what was written since {@link begin} was not kept */
  commit(): void {
    // A file that was set aside meanwhile took its transaction along.
    if (!this.#database.isTransaction) return;
    try {
      this.#database.exec("COMMIT");
    } catch (error) {
      // SQLite may have rolled back already.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw this.#named(error);
    }
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    this.#database.close();
  }

  #mending<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      if (!isDamage(error)) throw this.#named(error);
      try {
        this[Symbol.dispose]();
      } catch {
        // It is given up anyway.
      }
      this.#setAside();
      this.#database = this.#open();
      return action();
    }
  }

  /** SQLite's errors name no file. */
  #named(error: unknown): unknown {
    return error instanceof Error ? Object.assign(error, { path: this.#path, syscall: "write" }) : error;
  }

  #setAside(): void {
    setAside(this.#path, { companions: ["-wal", "-shm", "-journal"].map((ending) => this.#path + ending) });
  }

  #open(): DatabaseSync {
    // SQLite would make it readable for all; what it makes beside it has the same mode.
    closeSync(openSync(this.#path, "a", 0o600));
    const database = new DatabaseSync(this.#path);
    try {
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000");
      this.#migrate(database);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #migrate(database: DatabaseSync): void {
    const row = database.prepare("PRAGMA user_version").get();
    const version = Number(row?.["user_version"] ?? 0);
    for (let next = version; next < this.#migrations.length; next++) {
      database.exec(`BEGIN; ${this.#migrations[next]} PRAGMA user_version = ${next + 1}; COMMIT`);
    }
  }

  #prepare(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** By the message, since the two runtimes give the code in different ways or not at all. */
function isDamage(error: unknown): boolean {
  return /malformed|is not a database|no such (table|column)|already exists/.test(errorMessage(error));
}
