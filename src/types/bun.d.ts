/** The few parts of Bun's own interface that src/runtime/bun.ts uses. */
