package dev.firn.fuse;

import dev.firn.vfs.FileSystem;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/** A file system before whose calls something happens. */
public final class HookedFileSystem {
  private HookedFileSystem() {}

  /** Runs before each call; what it throws the call answers. */
  public interface Hook {
    void before(String method) throws Exception;
  }

  /** As {@link Hook}, told of what the call is about. */
  interface DetailedHook {
    void before(String method, Object[] arguments) throws Exception;
  }

  /** One in memory. */
  public static FileSystem with(Hook hook) {
    return over(new MemoryFileSystem(), (method, arguments) -> hook.before(method));
  }

  static FileSystem over(FileSystem sound, DetailedHook hook) {
    return (FileSystem)
        Proxy.newProxyInstance(
            HookedFileSystem.class.getClassLoader(),
            new Class<?>[] {FileSystem.class},
            (proxy, method, arguments) -> {
              hook.before(method.getName(), arguments);
              try {
                return method.invoke(sound, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
