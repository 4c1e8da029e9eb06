package dev.firn.base;

import java.util.concurrent.ThreadFactory;

/** Threads that do not keep a process alive: whoever ends it knows what must be finished first. */
public final class DaemonThreads {
  private DaemonThreads() {}

  /** A factory of threads that all have this name. */
  public static ThreadFactory named(String name) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      return thread;
    };
  }
}
