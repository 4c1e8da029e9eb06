package dev.firn.pack;

import dev.firn.base.DaemonThreads;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The threads that compress and decompress members, and put long contents into a store. */
final class Workers {
  /** More would only hold more members in memory: one thread reads or writes the files. */
  static final int THREADS = Math.min(8, Math.max(2, Runtime.getRuntime().availableProcessors()));

  private Workers() {}

  static ExecutorService start(String name) {
    return Executors.newFixedThreadPool(THREADS, DaemonThreads.named(name));
  }

  /** What another thread made; what it threw is thrown here. */
  static <T> T await(Future<T> work) throws IOException {
    try {
      return work.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IOException("work on a package failed: " + e.getCause(), e);
    }
  }
}
