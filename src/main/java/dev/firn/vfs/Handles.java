package dev.firn.vfs;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** What is open, by handles that are never used again. Safe for concurrent use. */
public final class Handles<T> {
  private final AtomicLong last = new AtomicLong();
  private final Map<Long, T> open = new ConcurrentHashMap<>();

  public long add(T target) {
    long handle = last.incrementAndGet();
    open.put(handle, target);
    return handle;
  }

  /** EBADF if nothing is open by this handle. */
  public T get(long handle) throws ErrnoException {
    return require(open.get(handle));
  }

  /** EBADF if nothing is open by this handle. */
  public T remove(long handle) throws ErrnoException {
    return require(open.remove(handle));
  }

  /** What is open at this moment. */
  public Iterable<T> all() {
    return open.values();
  }

  private T require(T target) throws ErrnoException {
    if (target == null) {
      throw new ErrnoException(Errno.EBADF);
    }
    return target;
  }
}
