package dev.firn.fuse.jnr;

import dev.firn.vfs.Errno;
import dev.firn.vfs.ErrnoException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** What the numbers mean that libfuse keeps for open files. Safe for concurrent use. */
final class OpenFiles<T> {
  private final Map<Long, T> files = new ConcurrentHashMap<>();
  private final AtomicLong lastNumber = new AtomicLong();

  long add(T file) {
    long number = lastNumber.incrementAndGet();
    files.put(number, file);
    return number;
  }

  T get(long number) throws ErrnoException {
    return known(files.get(number));
  }

  T remove(long number) throws ErrnoException {
    return known(files.remove(number));
  }

  /** Those that are open at this moment. */
  Iterable<T> all() {
    return files.values();
  }

  private static <T> T known(T file) throws ErrnoException {
    if (file == null) {
      throw new ErrnoException(Errno.EBADF);
    }
    return file;
  }
}
