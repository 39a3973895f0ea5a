/** What the benchmarks of sync install: four tools, 236 MB unpacked. */
export const fourTools = `[tools]
bun = "1.4.5"
deno = "2.9.6"
biome = "2.6.8"
esbuild = "0.28.2"
`;
