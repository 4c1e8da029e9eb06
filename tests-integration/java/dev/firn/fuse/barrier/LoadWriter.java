package dev.firn.fuse.barrier;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/**
 * Changes a file over and over, one numbered operation after the other. What the file is after each
 * is known, so of any image of it the writer can say whether it lies between two numbers.
 *
 * <p>An operation counts as begun before its first and as done after its last system call; both
 * numbers are published through memory. So an image must hold all that was done before it was asked
 * for, and nothing that had not begun when it was there.
 */
abstract class LoadWriter implements Runnable {
  private final long operationsMax;
  private volatile long begun;
  private volatile long done;
  private volatile boolean stopped;
  private volatile Throwable failure;

  /**
   * @param operationsMax where to stop by itself
   */
  LoadWriter(long operationsMax) {
    this.operationsMax = operationsMax;
  }

  final long begun() {
    return begun;
  }

  final long done() {
    return done;
  }

  final void stop() {
    stopped = true;
  }

  /** Throws what ended this writer too early. */
  final void requireHealthy() {
    if (failure != null) {
      throw new AssertionError(this + " failed", failure);
    }
  }

  @Override
  public final void run() {
    try {
      while (!stopped && begun < operationsMax) {
        long number = begun + 1;
        begun = number;
        perform(number);
        done = number;
      }
    } catch (Throwable e) {
      failure = e;
    }
  }

  /** Operation {@code number}, from 1 on. */
  abstract void perform(long number);

  /**
   * Throws unless an image of this writer's files holds operation {@code from} and everything
   * before it, and nothing after {@code to}.
   */
  abstract void verify(Image image, long from, long to);

  /** Throws if all that {@link #verify} was given did not suffice to check anything. */
  void requireChecked() {}

  /** Called when no operation is under way any more. */
  abstract void close();

  /** Bytes that tell their number and are like those of no other. */
  static byte[] record(long number, int length) {
    byte[] bytes = new byte[length];
    new SplittableRandom(number).nextBytes(bytes);
    ByteBuffer.wrap(bytes).putLong(0, number);
    return bytes;
  }

  final AssertionError fault(long from, long to, String what) {
    return new AssertionError(
        String.format("%s, asked for at %d, there at %d: %s", this, from, to, what));
  }

  @Override
  public String toString() {
    return getClass().getSimpleName();
  }
}
