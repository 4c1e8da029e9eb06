package dev.firn.map;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The block maps of a home: opens, makes, clones and deletes them; owns the shared caches. */
public final class MapStore implements Closeable {

  /** How a volume's records are placed and packed. */
  public record VolumeOptions(String placement, String compression) {}

  /**
   * Opens the store in a directory, making it when it is empty.
   *
   * @param placements name of each Subregion; the directory {@code segments/NAME} holds its
   *     segments
   */
  public static MapStore open(Path directory, List<String> placements) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** A new empty map. Numbers, 1 to 2^31 - 1, must not repeat within a home. */
  public VolumeMap create(long volumeNumber, VolumeOptions options) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** A new map whose head equals {@code source}; shares all its data. */
  public VolumeMap createFrom(long volumeNumber, VolumeOptions options, FrozenMap source)
      throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Opens and recovers; an open map is answered again. */
  public VolumeMap open(long volumeNumber) throws IOException {
    throw new UnsupportedOperationException();
  }

  /** The numbers of all volumes in the store, ascending. */
  public List<Long> list() throws IOException {
    throw new UnsupportedOperationException();
  }

  /** Forgets a volume's head and frozen roots. Segments that others point into stay. */
  public void delete(long volumeNumber) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() throws IOException {
    throw new UnsupportedOperationException();
  }
}
