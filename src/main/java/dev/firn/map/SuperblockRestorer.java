package dev.firn.map;

import dev.firn.store.CheckpointFinder;
import dev.firn.store.CorruptDataException;
import dev.firn.store.LogPosition;
import dev.firn.store.Superblock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes superblocks anew from their copies in the logs. For one thread, before maps are opened. */
final class SuperblockRestorer {
  private static final Logger LOG = LoggerFactory.getLogger(SuperblockRestorer.class);

  private final MapStore store;

  SuperblockRestorer(MapStore store) {
    this.store = store;
  }

  /** See {@link MapStore#restoreSuperblocks}. */
  MapStore.RestoredSuperblocks run(Set<Long> expected) throws IOException {
    List<Long> present = store.list();
    Set<Long> wanted = new TreeSet<>(present);
    wanted.addAll(expected);
    if (present.isEmpty()) {
      store.segments().list().forEach(segment -> wanted.add(LogPosition.volumeOf(segment)));
    }
    List<Long> restored = new ArrayList<>();
    List<Long> lost = new ArrayList<>();
    for (long number : wanted) {
      if (isReadable(number)) {
        continue;
      }
      try {
        restore(number);
        restored.add(number);
      } catch (CorruptDataException e) {
        if (present.contains(number)) {
          throw e;
        }
        LOG.info("Volume {} was deleted, or is lost: {}", number, e.getMessage());
        Files.deleteIfExists(store.superblockPath(number));
        lost.add(number);
      }
    }
    return new MapStore.RestoredSuperblocks(restored, lost);
  }

  private boolean isReadable(long number) throws IOException {
    try {
      new Superblock(store.superblockPath(number), number).read();
      return true;
    } catch (NoSuchFileException | CorruptDataException e) {
      return false;
    }
  }

  /** The newest copy counts whose trees are whole. */
  private void restore(long number) throws IOException {
    Path path = store.superblockPath(number);
    CorruptDataException failure =
        new CorruptDataException(
            "the superblock of volume " + number + " is damaged, and its log has no copy");
    CheckpointFinder finder = new CheckpointFinder(store.segments(), store.records());
    for (Superblock.Content content : finder.find(number)) {
      new Superblock(path, number).restore(content);
      VolumeMap map = null;
      try {
        map = store.open(number);
        new LiveWalk(store.nodes(), (bytes, start, length) -> false, new LiveRecords())
            .walk(map.keptRoots());
        return;
      } catch (CorruptDataException e) {
        failure = e;
        if (map != null) {
          map.abandon();
        }
      }
    }
    throw failure;
  }
}
