/** A program that does nothing: what compiling with Bun costs by itself. */
export {};
