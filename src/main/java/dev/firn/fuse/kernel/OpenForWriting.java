package dev.firn.fuse.kernel;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * The inodes that the kernel has open for writing: those of which it may hold changed pages, since
 * closing a file brings them back first. Safe for concurrent use.
 */
final class OpenForWriting {
  private final ConcurrentMap<Long, Integer> handles = new ConcurrentHashMap<>();

  /** To be called before the kernel learns that it is open. */
  void opened(long inode) {
    handles.merge(inode, 1, Integer::sum);
  }

  void released(long inode) {
    handles.computeIfPresent(inode, (key, count) -> count == 1 ? null : count - 1);
  }

  boolean isEmpty() {
    return handles.isEmpty();
  }

  boolean contains(long inode) {
    return handles.containsKey(inode);
  }

  /** Those of this moment; what opens later has nothing that was written before it. */
  long[] all() {
    return handles.keySet().stream().mapToLong(Long::longValue).toArray();
  }
}
