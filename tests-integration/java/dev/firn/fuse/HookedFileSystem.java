package dev.firn.fuse;

import dev.firn.vfs.FileSystem;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/** A file system in memory before whose calls something happens. */
final class HookedFileSystem {
  private HookedFileSystem() {}

  /** Runs before each call; what it throws the call answers. */
  interface Hook {
    void before(String method) throws Exception;
  }

  static FileSystem with(Hook hook) {
    MemoryFileSystem sound = new MemoryFileSystem();
    return (FileSystem)
        Proxy.newProxyInstance(
            HookedFileSystem.class.getClassLoader(),
            new Class<?>[] {FileSystem.class},
            (proxy, method, arguments) -> {
              hook.before(method.getName());
              try {
                return method.invoke(sound, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
