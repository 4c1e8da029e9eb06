package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import dev.firn.base.DaemonThreads;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Something that is done in a thread of its own, while the caller looks how long it takes and how
 * much memory all threads of the process take meanwhile. From JDK 21 on the JVM counts that.
 * Before, threads are asked every few milliseconds, and what one took in its last ones is missed.
 */
final class WatchedWork {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int SAMPLE_MILLIS = 5;

  private final Map<Long, Long> allocatedBytes = new HashMap<>();

  private WatchedWork() {}

  /**
   * Returns when the work has been done, or throws what it threw; at the latest after {@code
   * seconds}, with what all threads are at.
   *
   * @return the bytes that were allocated meanwhile, whether or not they were given back
   */
  static long run(long seconds, Callable<Void> work) throws Exception {
    ExecutorService thread = Executors.newSingleThreadExecutor(DaemonThreads.named("watched"));
    try {
      return new WatchedWork().run(thread, System.nanoTime() + seconds * 1_000_000_000, work);
    } finally {
      thread.shutdown();
    }
  }

  private long run(ExecutorService thread, long endNanos, Callable<Void> work) throws Exception {
    long start = allocatedBytes();
    Future<Void> running = thread.submit(work);
    while (true) {
      try {
        running.get(SAMPLE_MILLIS, TimeUnit.MILLISECONDS);
        return allocatedBytes() - start;
      } catch (TimeoutException e) {
        allocatedBytes();
        if (System.nanoTime() - endNanos > 0) {
          fail("it takes too long:" + stacks());
        }
      } catch (ExecutionException e) {
        if (e.getCause() instanceof Error error) {
          throw error;
        }
        throw (Exception) e.getCause();
      }
    }
  }

  private long allocatedBytes() {
    try {
      return (long) ThreadMXBean.class.getMethod("getTotalThreadAllocatedBytes").invoke(THREADS);
    } catch (ReflectiveOperationException e) {
      long[] ids = THREADS.getAllThreadIds();
      long[] bytes = THREADS.getThreadAllocatedBytes(ids);
      for (int i = 0; i < ids.length; i++) {
        // Of a thread that has ended meanwhile it is -1.
        allocatedBytes.merge(ids[i], bytes[i], Math::max);
      }
      return allocatedBytes.values().stream().mapToLong(Long::longValue).sum();
    }
  }

  private static String stacks() {
    StringBuilder text = new StringBuilder();
    Thread.getAllStackTraces()
        .forEach(
            (thread, stack) -> {
              text.append("\n\n").append(thread);
              Arrays.stream(stack).forEach(frame -> text.append("\n    at ").append(frame));
            });
    return text.toString();
  }
}
