import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { bunProgram } from "./bun_program.ts";
import { Scratch } from "./scratch.ts";
import { digits, machineLine } from "./support.ts";

// What a channel's figures cost: the program of channels.ts as it is, beside the same program with every line
// that counts taken out of its bundle. Small messages, where a count weighs most; the two take turns.

const rounds = Number(process.argv[2] ?? 11);
using scratch = new Scratch();
const counting = await bunProgram("channels_program.ts", scratch.directory("program"));
const bundled = counting.at(-1) ?? "";
const silent = [...counting.slice(0, -1), bundled.replace(/\.js$/, ".silent.js")];

/** `this.figures.messagesSent++;`, `this.figures.bytesSent += n;`, `this.figures.queued(n);` */
const COUNTS = /this\.figures\.\w+(?:\+\+| \+= [^;]+|\((?!this\.name)[^;\n]*\));/g;
const source = readFileSync(bundled, "utf8");
const lines = source.match(COUNTS)?.length ?? 0;
if (lines < 15) throw new Error(`Only ${lines} places that count were found: the pattern is out of date`);
const without = source.replace(COUNTS, ";");
if (/figures\.(messages|bytes)\w+(\+\+| \+=)/.test(without)) throw new Error("Some counts are still there");
writeFileSync(silent.at(-1) ?? "", without);

const kinds = ["pair", "worker", "socket"] as const;
const rates = { counting: new Map<string, number[]>(), silent: new Map<string, number[]>() };
for (let round = 0; round < rounds; round++) {
  for (const kind of kinds) {
    // The order changes each round, so that whatever warms up or wears off is nobody's.
    const contenders = round % 2 === 0 ? ["counting", "silent"] as const : ["silent", "counting"] as const;
    for (const contender of contenders) {
      const rate = measure(contender === "counting" ? counting : silent, kind);
      rates[contender].set(kind, [...(rates[contender].get(kind) ?? []), rate]);
    }
  }
}

console.log(machineLine());
console.log(`${lines} places that count; the best of ${rounds} rounds, messages/s`);
for (const kind of kinds) {
  // The best, not the middle: what else the machine does only ever slows a round down, by more than counting
  // could cost.
  const [best, bare] = [rates.counting, rates.silent].map((of) => Math.max(...of.get(kind) ?? [])) as [
    number,
    number,
  ];
  console.log(
    `${kind.padEnd(8)} counting ${Math.round(best).toLocaleString("en")}` +
      `, not counting ${Math.round(bare).toLocaleString("en")}, cost ${digits((1 - best / bare) * 100)} %`,
  );
}

function measure([file = "", ...args]: string[], kind: string): number {
  const { stdout, stderr, status } = spawnSync(file, [...args, kind === "socket" ? "one-way" : kind], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout.trim());
}
