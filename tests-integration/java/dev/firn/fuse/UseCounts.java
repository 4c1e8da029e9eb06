package dev.firn.fuse;

import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileSystem;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Counts what a transport holds of a file system: inodes remembered and not yet forgotten, open
 * files, open directories. The root does not count: the kernel never forgets it.
 */
public final class UseCounts {
  private final FileSystem target;
  private final Map<Long, Long> remembered = new TreeMap<>();
  private final Map<Long, Long> files = new TreeMap<>();
  private final Map<Long, Long> directories = new TreeMap<>();

  /** Inodes and handles of which a failure was reported already. */
  private final Set<Long> forgiven = new HashSet<>();

  private String fault;

  public UseCounts(FileSystem target) {
    this.target = target;
  }

  /** The file system that counts. */
  public FileSystem fileSystem() {
    return (FileSystem)
        Proxy.newProxyInstance(
            getClass().getClassLoader(), new Class<?>[] {FileSystem.class}, this::call);
  }

  private Object call(Object proxy, Method method, Object[] arguments) throws Throwable {
    switch (method.getName()) {
      // Before the file system lets go, so that no use of the same number is counted twice.
      case "remember" -> count((Long) arguments[0], 1);
      case "forget" -> count((Long) arguments[0], -(Long) arguments[1]);
      case "release" -> close(files, (Long) arguments[0]);
      case "releaseDirectory" -> close(directories, (Long) arguments[0]);
      default -> {
        // The rest changes no counts, or only once it has succeeded.
      }
    }
    Object result;
    try {
      result = method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
    switch (method.getName()) {
      case "open" -> open(files, (Long) result, (Long) arguments[0]);
      case "openDirectory" -> open(directories, (Long) result, (Long) arguments[0]);
      case "makeTemporary" -> count(((Attributes) result).inode(), 1);
      default -> {
        // Nothing is held.
      }
    }
    return result;
  }

  private synchronized void count(long inode, long change) {
    if (inode == FileSystem.ROOT_INODE || forgiven.contains(inode)) {
      return;
    }
    long count = remembered.getOrDefault(inode, 0L) + change;
    if (count == 0) {
      remembered.remove(inode);
    } else {
      remembered.put(inode, count);
    }
    if (count < 0) {
      fault = "inode " + inode + " was forgotten more often than remembered";
    }
  }

  private synchronized void open(Map<Long, Long> handles, long handle, long inode) {
    handles.put(handle, inode);
  }

  private synchronized void close(Map<Long, Long> handles, long handle) {
    if (handles.remove(handle) == null && !forgiven.contains(handle)) {
      fault = "handle " + handle + " was released, but is not open";
    }
  }

  /** What is held, as text; empty when nothing is. */
  public synchronized String held() {
    StringBuilder text = new StringBuilder();
    if (fault != null) {
      text.append(fault).append("; ");
    }
    describe(text, "inodes remembered (and how often)", remembered);
    describe(text, "files open (handle and inode)", files);
    describe(text, "directories open (handle and inode)", directories);
    return text.toString();
  }

  /** Lets what was found be found once only. */
  public synchronized void forgive() {
    fault = null;
    forgiven.addAll(remembered.keySet());
    forgiven.addAll(files.keySet());
    forgiven.addAll(directories.keySet());
    remembered.clear();
    files.clear();
    directories.clear();
  }

  private static void describe(StringBuilder text, String what, Map<Long, Long> held) {
    if (!held.isEmpty()) {
      text.append(what).append(": ").append(held).append("; ");
    }
  }
}
