package dev.firn.map;

import java.io.IOException;
import java.util.List;

/** The maps of a home, as those see them who want to give back space. */
public interface ReclaimedMaps {
  /** The numbers of all maps that there are now. */
  List<Long> list() throws IOException;

  /**
   * Runs an action with a map that stays open meanwhile.
   *
   * @throws java.nio.file.NoSuchFileException if there is none
   */
  <T> T with(long number, MapAction<T> action) throws IOException;

  /** What happens to a map. */
  @FunctionalInterface
  interface MapAction<T> {
    T run(VolumeMap map) throws IOException;
  }
}
