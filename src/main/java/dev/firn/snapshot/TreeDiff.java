package dev.firn.snapshot;

import dev.firn.map.FrozenMap;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Tells which paths differ between two trees.
 *
 * <p>What counts: names, types, contents, modes, owners, modification times, devices, targets and
 * extended attributes. What does not: times of access and of status change, link counts, and a
 * directory's modification time where names in it have changed, since those are told themselves.
 */
public final class TreeDiff {
  private TreeDiff() {}

  /** What a comparison finds, in ascending order of paths as unsigned bytes. */
  @FunctionalInterface
  public interface Visitor {
    /**
     * One changed path, relative to the root and without a leading slash; the root itself is ".".
     *
     * @param kind {@code A} added, {@code D} deleted, {@code M} modified, {@code R} renamed
     * @param newPath where {@code path} has gone, for {@code R} only, else null
     */
    void change(char kind, byte[] path, byte[] newPath) throws IOException;
  }

  /** A change that waits for its turn. */
  record Change(char kind, byte[] path, byte[] newPath) implements Comparable<Change> {
    @Override
    public int compareTo(Change other) {
      int byPath = Arrays.compareUnsigned(path, other.path);
      // For one path, what is gone comes before what took its place.
      return byPath != 0
          ? byPath
          : Integer.compare("DRAM".indexOf(kind), "DRAM".indexOf(other.kind));
    }
  }

  /**
   * Compares two moments of one volume, in time that depends on what has changed between them. A
   * file that another took the place of, with the same path and type, is told as modified.
   */
  public static void ofOneVolume(FrozenMap before, FrozenMap after, Visitor visitor)
      throws IOException {
    tell(new VolumeDiff(before, after).changes(), visitor);
  }

  /** Compares any two trees by path alone, reading both; tells no renames. */
  public static void byPath(FrozenMap before, FrozenMap after, Visitor visitor) throws IOException {
    List<Change> changes = new ArrayList<>();
    try (FileComparison comparison = new FileComparison(before, after)) {
      new PathDiff(comparison, changes).run();
    }
    tell(changes, visitor);
  }

  private static void tell(List<Change> changes, Visitor visitor) throws IOException {
    changes.sort(null);
    for (Change change : changes) {
      visitor.change(change.kind(), change.path(), change.newPath());
    }
  }
}
