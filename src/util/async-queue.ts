/** Hands what is pushed to one iteration, in order, keeping what has not been taken yet. */
export class AsyncQueue<T> implements AsyncIterable<T> {
  #items: T[] = [];
  #taken = 0;
  #end: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  push(item: T): void {
    if (this.#end !== undefined) return;
    this.#items.push(item);
    this.#wake?.();
  }

  /** The iteration ends after what was pushed before; with an error, it throws that. Later calls change nothing. */
  end(error?: unknown): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      while (this.#taken < this.#items.length) yield this.#items[this.#taken++]!;
      this.#items = [];
      this.#taken = 0;
      if (this.#end !== undefined) {
        if (this.#end.error !== undefined) throw this.#end.error;
        return;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
