package dev.firn.vfs;

/**
 * One name in a directory listing.
 *
 * @param cookie passed back to readdir, continues behind this entry; never 0
 * @param type the inode's type bits (FileMode), without permissions
 */
public record DirectoryEntry(byte[] name, long inode, int type, long cookie) {
  /** Whether it is "." or "..", which each directory lists and which are no names of its own. */
  public static boolean isDots(byte[] name) {
    return Names.isDot(name) || Names.isDotDot(name);
  }
}
