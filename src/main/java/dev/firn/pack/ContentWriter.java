package dev.firn.pack;

import dev.firn.vfs.PackedParts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/**
 * Has long contents of files written by several threads, which is where an import spends most of
 * its time, while one thread goes on with the records. What must come behind a write, such as a
 * file's times, waits its turn in the same queue, and runs on the thread of the records. Used by
 * that thread only.
 *
 * <p>Invariant: at most the bytes of two members wait to be written.
 */
final class ContentWriter {
  /** Shorter ones gather in the file system's memory, which is done sooner than handed over. */
  static final int BYTES_MIN = 64 << 10;

  /** What has to wait for the writes before it. */
  @FunctionalInterface
  interface Step {
    void run() throws IOException;
  }

  /**
   * Either of the two.
   *
   * @param endsMember whether the bytes of a member are not used any more behind it
   */
  private record Task(Future<?> write, Step step, boolean endsMember) {}

  private final TreeBuilder builder;
  private final ExecutorService workers;
  private final Deque<Task> tasks = new ArrayDeque<>();
  private int members;

  ContentWriter(TreeBuilder builder, ExecutorService workers) {
    this.builder = builder;
    this.workers = workers;
  }

  /**
   * Writes bytes of a member, which stay as they are until {@link #endMember} hands it back.
   *
   * @param shown the file, for messages
   */
  void write(long inode, long offset, OpenedMember member, int from, int length, String shown)
      throws IOException {
    for (int done = 0; done < length; ) {
      long at = offset + done;
      int start = from + done;
      // Up to the end of a frame.
      int room = TreeBuilder.WRITE_BYTES_MAX - (int) (at % TreeBuilder.WRITE_BYTES_MAX);
      int count = Math.min(room, length - done);
      ByteBuffer piece = ByteBuffer.wrap(member.raw(), start, count);
      PackedParts packed = member.packedFrom(start);
      Future<?> write =
          workers.submit(
              () -> {
                builder.write(inode, at, piece, packed, () -> shown);
                return null;
              });
      tasks.add(new Task(write, null, false));
      done += count;
    }
    runReady();
  }

  /** Runs a step when all writes before it have been done. */
  void then(Step step) throws IOException {
    tasks.add(new Task(null, step, false));
    runReady();
  }

  /** Hands a member's bytes back when they have been written; waits if too many are not. */
  void endMember(Step step) throws IOException {
    tasks.add(new Task(null, step, true));
    members++;
    while (members > 1) {
      runNext();
    }
    runReady();
  }

  /** Returns when everything has been done. */
  void await() throws IOException {
    while (!tasks.isEmpty()) {
      runNext();
    }
  }

  /** Returns when nothing is being written any more, whatever came of it. */
  void abandon() {
    boolean interrupted = false;
    while (!tasks.isEmpty()) {
      Future<?> write = tasks.element().write();
      try {
        // Not cancelled: of one that runs that would not say when it has ended.
        if (write != null) {
          write.get();
        }
        tasks.remove();
      } catch (InterruptedException e) {
        interrupted = true;
      } catch (ExecutionException e) {
        tasks.remove();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void runReady() throws IOException {
    while (!tasks.isEmpty()
        && (tasks.element().write() == null || tasks.element().write().isDone())) {
      runNext();
    }
  }

  private void runNext() throws IOException {
    Task task = tasks.element();
    if (task.write() != null) {
      // It stays in the queue until it has ended, or abandon would not wait for it.
      Workers.await(task.write());
      tasks.remove();
      return;
    }
    tasks.remove();
    members -= task.endsMember() ? 1 : 0;
    task.step().run();
  }
}
