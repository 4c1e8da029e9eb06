package dev.firn.daemon;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import jnr.ffi.LibraryLoader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** This process's stdout and stderr, which native libraries and the JVM write to as well. */
final class StandardStreams {
  private static final Logger LOG = LoggerFactory.getLogger(StandardStreams.class);

  /** O_WRONLY | O_APPEND of Linux. */
  private static final int WRITE_AND_APPEND = 02001;

  private StandardStreams() {}

  /** Of the C library. Public for jnr-ffi, which implements it at run time. */
  public interface LibC {
    int open(byte[] path, int flags);

    int dup2(int from, int to);

    int close(int descriptor);
  }

  /** Lets both write to {@code file}, begun anew; where that fails, to nowhere. */
  static void turnTo(Path file) {
    try {
      Files.deleteIfExists(file);
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      LibC libc = LibraryLoader.create(LibC.class).load("c");
      Charset names = Charset.forName(System.getProperty("sun.jnu.encoding"));
      int descriptor = libc.open((file + "\0").getBytes(names), WRITE_AND_APPEND);
      if (descriptor < 0 || libc.dup2(descriptor, 1) < 0 || libc.dup2(descriptor, 2) < 0) {
        throw new IOException("open or dup2 failed");
      }
      libc.close(descriptor);
    } catch (IOException e) {
      LOG.warn("What is printed outside of the log will be lost", e);
      // The JDK puts /dev/null in their place.
      System.out.close();
      System.err.close();
    }
  }
}
