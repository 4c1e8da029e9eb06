package dev.firn.base;

/**
 * Lets a thread know that the work it has begun will take long, so that it can have others do what
 * it would do otherwise. Layers below say so, and layers above listen, without knowing each other.
 */
public final class LongWork {
  private static final ThreadLocal<Runnable> LISTENER = new ThreadLocal<>();

  private LongWork() {}

  /**
   * Runs {@code listener} whenever long work begins in the calling thread; null: nobody listens.
   */
  public static void listen(Runnable listener) {
    if (listener == null) {
      LISTENER.remove();
    } else {
      LISTENER.set(listener);
    }
  }

  /** Says that what follows may take long. */
  public static void begins() {
    Runnable listener = LISTENER.get();
    if (listener != null) {
      listener.run();
    }
  }
}
