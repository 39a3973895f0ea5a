/** Checks the whole archive corpus in whatever runtime runs this; throws at the first wrong verdict. */
import { tarCases, zipCases } from "./archive_corpus.ts";
import { checkCase, tarInPieces, zipFromFile } from "./archive_corpus_check.ts";

let count = 0;
for (const archive of tarCases()) {
  await checkCase(archive, tarInPieces(65_536));
  await checkCase(archive, tarInPieces(archive.bytes.length > 20_000 ? 4_096 : 13));
  count += 2;
}
for (const archive of zipCases()) {
  await checkCase(archive, zipFromFile);
  count++;
}
console.log(`${count} verdicts as expected`);
