package dev.firn.snapshot;

import java.io.IOException;

/** Tells which paths differ between two trees. */
public final class TreeDiff {
  private TreeDiff() {}

  /** What a comparison finds, in ascending order of paths as unsigned bytes. */
  @FunctionalInterface
  public interface Visitor {
    /**
     * One changed path, relative to the root and without a leading slash; the root itself is ".".
     *
     * @param kind {@code A} added, {@code D} deleted, {@code M} modified (content, attributes or
     *     extended attributes), {@code R} renamed
     * @param newPath where {@code path} has gone, for {@code R} only, else null
     */
    void change(char kind, byte[] path, byte[] newPath) throws IOException;
  }
}
