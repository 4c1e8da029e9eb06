package dev.firn.fuse;

import java.util.List;

/**
 * How a file system is to be mounted.
 *
 * @param sourceName what the first column of mount(8) and df(1) shows
 * @param readOnly the kernel refuses every change with EROFS
 * @param fuseOptions further options as after {@code mount -o}, such as {@code suid}, {@code dev},
 *     {@code noexec}; they override the transport's own
 * @param readAheadBytes how far the system reads ahead on the disk that has the contents, which is
 *     worth as much here; 0: not known
 */
public record MountOptions(
    String sourceName, boolean readOnly, List<String> fuseOptions, long readAheadBytes) {
  public MountOptions {
    fuseOptions = List.copyOf(fuseOptions);
  }

  /** With contents of which no disk is known. */
  public MountOptions(String sourceName, boolean readOnly, List<String> fuseOptions) {
    this(sourceName, readOnly, fuseOptions, 0);
  }
}
