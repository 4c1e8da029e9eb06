package dev.firn.fuse.jnr;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.Type;
import jnr.ffi.LibraryLoader;

/**
 * The one function of libfuse 2.9 that must be asked for by version. The library still carries
 * {@code fuse_new} as programs of 2002 called it, without a version, and a look-up by name alone
 * (dlsym, jnr-ffi's) finds that one.
 */
final class VersionedSymbols {
  private static final String FUNCTION = "fuse_new";
  private static final String VERSION = "FUSE_2.6";
  private static final int RTLD_NOW = 2;

  /** struct fuse *(channel, arguments, operations, size of those, user data). */
  private static final CallContext SIGNATURE =
      new CallContext(
          Type.POINTER, Type.POINTER, Type.POINTER, Type.POINTER, Type.POINTER, Type.POINTER);

  private final long address;

  /** Of the C library. Public for jnr-ffi, which implements it at run time. */
  public interface DynamicLinker {
    long dlopen(String library, int flags);

    long dlvsym(long library, String name, String version);
  }

  /** For a library that is loaded already. */
  VersionedSymbols(String library) {
    // Until glibc 2.33 these were in a library of their own.
    DynamicLinker linker =
        LibraryLoader.create(DynamicLinker.class).library("libc.so.6").library("libdl.so.2").load();
    address = linker.dlvsym(linker.dlopen(library, RTLD_NOW), FUNCTION, VERSION);
    if (address == 0) {
      throw new UnsatisfiedLinkError(library + " has no " + FUNCTION + "@" + VERSION);
    }
  }

  /** Makes the path-based front end for a channel, or answers 0. */
  long fuseNew(long channel, long arguments, long operations, long operationsBytes) {
    return Invoker.getInstance()
        .invokeN5(SIGNATURE, address, channel, arguments, operations, operationsBytes, 0);
  }
}
