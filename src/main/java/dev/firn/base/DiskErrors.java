package dev.firn.base;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Tells a disk that is full from one that fails, as far as Java lets one. */
public final class DiskErrors {
  /** What Linux says for ENOSPC and EDQUOT; exceptions carry no number. */
  private static final String[] FULL = {"No space left on device", "Disk quota exceeded"};

  /** What it says for ENOSPC in the language of this process, or null. */
  private static final String FULL_HERE = askDevice();

  private DiskErrors() {}

  /** Whether an I/O failure's message, which may be null, says that the disk or a quota is full. */
  public static boolean saysFull(String message) {
    if (message == null) {
      return false;
    }
    for (String full : FULL) {
      if (message.contains(full)) {
        return true;
      }
    }
    return FULL_HERE != null && message.contains(FULL_HERE);
  }

  /** There is a device that is always full. */
  private static String askDevice() {
    try (FileChannel full = FileChannel.open(Path.of("/dev/full"), StandardOpenOption.WRITE)) {
      return answer(full);
    } catch (IOException e) {
      // Not everywhere.
      return null;
    }
  }

  private static String answer(FileChannel full) {
    try {
      full.write(ByteBuffer.allocate(1));
      return null;
    } catch (IOException e) {
      return e.getMessage() == null || e.getMessage().isBlank() ? null : e.getMessage();
    }
  }
}
