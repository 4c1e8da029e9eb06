package dev.firn.vfs;

import java.io.IOException;

/** Bytes of a file that are stored but cannot be read: damaged, or the disk does not give them. */
public final class UnreadableException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Says what file it is, in words for users. May take as long as the tree is large. */
  @FunctionalInterface
  public interface Place {
    String find() throws IOException;
  }

  private final long inode;
  private final long offset;
  private final int lengthBytes;
  private final transient Place place;

  /**
   * @param offset where in the file the run of bytes begins
   */
  UnreadableException(long inode, long offset, int lengthBytes, Place place, IOException cause) {
    super(cause.getMessage(), cause);
    this.inode = inode;
    this.offset = offset;
    this.lengthBytes = lengthBytes;
    this.place = place;
  }

  /** The same in a tree that has this name for users. */
  public UnreadableException of(String tree) {
    return new UnreadableException(
        inode, offset, lengthBytes, () -> place.find() + " of " + tree, this);
  }

  /** The same where the file has another number. */
  public UnreadableException as(long otherInode) {
    return new UnreadableException(otherInode, offset, lengthBytes, place, this);
  }

  public long inode() {
    return inode;
  }

  public long offset() {
    return offset;
  }

  public int lengthBytes() {
    return lengthBytes;
  }

  /** For {@link Place#find}. */
  public Place place() {
    return place;
  }
}
