package dev.firn.server.oapi;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** How volumes are mounted; whoever serves the API brings it along. */
public interface Attachments {
  /** Where volumes of a machine are mounted when nothing else is said. */
  Path directory();

  /** Mounts a volume, making the directory. */
  void mount(String volumeId, Path directory) throws IOException;

  /**
   * Unmounts what is mounted there.
   *
   * @param force even if it is in use: whoever uses it sees an error
   */
  void unmount(Path directory, boolean force) throws IOException;

  /** Where a volume is mounted now. */
  List<Path> directoriesOf(String volumeId);
}
