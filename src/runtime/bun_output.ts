const sinks: { stdout?: Bun.FileSink; stderr?: Bun.FileSink } = {};

/**
 * By a sink and not by `Bun.write`, which takes a file that stdout was redirected to for its own and
 * truncates it.
 */
export async function writeOutput(stream: "stdout" | "stderr", text: string | Uint8Array): Promise<void> {
  const sink = sinks[stream] ??= Bun[stream].writer();
  // Either may meet a reader that has gone, and throw or reject; the other's promise still has to be awaited.
  await Promise.all([() => sink.write(text), () => sink.flush()].map(async (step) => await step()));
}
