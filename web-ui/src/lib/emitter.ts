/** A typed list of listeners; the classes of `lib` tell the page what happened through it. */
export class Emitter<T> {
  #listeners = new Set<(value: T) => void>();

  /** Adds a listener; the answer removes it. */
  on(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }

  clear(): void {
    this.#listeners.clear();
  }
}
