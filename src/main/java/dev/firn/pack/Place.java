package dev.firn.pack;

/**
 * Where an inode stands in a tree. A place points to its directory's, so that paths cost memory
 * only when they are asked for.
 */
final class Place {
  private final Place parent;
  private final byte[] name;
  private final long ordinal;

  /**
   * @param parent null for the root
   * @param name empty for the root
   * @param ordinal counts inodes in the order of the walk; the root is 0
   */
  Place(Place parent, byte[] name, long ordinal) {
    this.parent = parent;
    this.name = name;
    this.ordinal = ordinal;
  }

  boolean isRoot() {
    return parent == null;
  }

  byte[] name() {
    return name;
  }

  long ordinal() {
    return ordinal;
  }

  /** The directory's ordinal; the root's is its own. */
  long parentOrdinal() {
    return parent == null ? ordinal : parent.ordinal;
  }

  /** The path from the root with {@code prefix} in front, names joined by slashes. */
  byte[] path(byte[] prefix) {
    int length = prefix.length;
    for (Place place = this; !place.isRoot(); place = place.parent) {
      length += place.name.length + (place.parent.isRoot() ? 0 : 1);
    }
    byte[] path = new byte[length];
    System.arraycopy(prefix, 0, path, 0, prefix.length);
    int end = length;
    for (Place place = this; !place.isRoot(); place = place.parent) {
      end -= place.name.length;
      System.arraycopy(place.name, 0, path, end, place.name.length);
      if (!place.parent.isRoot()) {
        path[--end] = '/';
      }
    }
    return path;
  }

  @Override
  public String toString() {
    return isRoot() ? "/" : Names.printable(path(new byte[] {'/'}));
  }
}
