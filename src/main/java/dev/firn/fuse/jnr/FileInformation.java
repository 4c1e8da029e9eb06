package dev.firn.fuse.jnr;

/**
 * libfuse's struct fuse_file_info, by address: jnr-fuse's FuseFileInfo gets its bit fields wrong
 * (they are one 32-bit word in C, it takes a byte for each), and would be allocated per call.
 */
final class FileInformation {
  private static final int FLAGS_OFFSET = 0;
  private static final int HANDLE_OFFSET = 24;

  private static final int O_ACCMODE = 03;
  private static final int O_TRUNC = 01000;

  private FileInformation() {}

  static long handle(long address) {
    return NativeMemory.getLong(address + HANDLE_OFFSET);
  }

  static void setHandle(long address, long handle) {
    NativeMemory.putLong(address + HANDLE_OFFSET, handle);
  }

  static boolean isForWriting(long address) {
    return (NativeMemory.getInt(address + FLAGS_OFFSET) & O_ACCMODE) != 0;
  }

  static boolean isTruncating(long address) {
    return (NativeMemory.getInt(address + FLAGS_OFFSET) & O_TRUNC) != 0;
  }
}
