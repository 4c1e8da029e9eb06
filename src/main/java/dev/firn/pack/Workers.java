package dev.firn.pack;

import dev.firn.base.DaemonThreads;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The threads that compress and decompress members. They do no file I/O. */
final class Workers {
  /** More would only hold more members in memory: one thread reads or writes the files. */
  static final int THREADS = Math.min(8, Math.max(2, Runtime.getRuntime().availableProcessors()));

  private Workers() {}

  static ExecutorService start(String name) {
    return Executors.newFixedThreadPool(THREADS, DaemonThreads.named(name));
  }
}
