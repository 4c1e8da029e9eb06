package dev.firn.region;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.firn.map.FrozenMap;
import dev.firn.map.MapStore;
import dev.firn.map.Scrub;
import dev.firn.map.ScrubVisitor;
import dev.firn.map.VolumeMap;
import dev.firn.snapshot.MapPool;
import dev.firn.store.CorruptDataException;
import dev.firn.vfs.Keys;
import dev.firn.vfs.PathFinder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads what a home keeps, as deep as wanted, and verifies it. For one thread. */
final class Scrubber implements ScrubVisitor {
  private static final Logger LOG = LoggerFactory.getLogger(Scrubber.class);
  private static final long PROGRESS_BYTES = 8 << 20;
  private static final long PROGRESS_NANOS = 500_000_000L;
  private static final long SAVE_NANOS = 10_000_000_000L;
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private final MapStore store;
  private final MapPool maps;
  private final RootNames names;
  private final Volumes volumes;
  private final ImportRows imports;
  private final Scrub.Depth depth;
  private final ScrubListener listener;

  /** 0: as fast as the disk reads. */
  private final long bytesPerSecondMax;

  private final Path stateFile;
  private final Clock clock;
  private final Scrub scrub;
  private final List<ScrubListener.Damage> damages = new ArrayList<>();
  private final Set<String> toldDamages = new HashSet<>();

  private final long startNanos = System.nanoTime();
  private long savedNanos = startNanos;
  private long toldNanos = startNanos;
  private long skippedBytes;
  private long totalBytes;
  private long doneBytes;
  private long toldBytes;

  /**
   * @param stateFile where to keep how far it is, so that it can be continued; null: nowhere
   */
  Scrubber(
      MapStore store,
      MapPool maps,
      RootNames names,
      Volumes volumes,
      ImportRows imports,
      Scrub.Depth depth,
      ScrubListener listener,
      long bytesPerSecondMax,
      Path stateFile,
      Clock clock) {
    this.store = store;
    this.maps = maps;
    this.names = names;
    this.volumes = volumes;
    this.imports = imports;
    this.depth = depth;
    this.listener = listener;
    this.bytesPerSecondMax = bytesPerSecondMax;
    this.stateFile = stateFile;
    this.clock = clock;
    this.scrub = store.scrub(depth, Keys::isExtent, this);
  }

  /** Goes on where another one was interrupted; what that found is told again. */
  void continueFrom(ScrubState state) throws IOException {
    scrub.skip(state.completed());
    skippedBytes = state.doneBytes();
    doneBytes = skippedBytes;
    toldBytes = skippedBytes;
    for (ScrubListener.Damage damage : state.damages()) {
      told(damage);
    }
  }

  /** Answers how many bytes are as they were written. When it throws, it can be continued. */
  long run() throws IOException {
    boolean done = false;
    try {
      long bytes = verifyAll();
      done = true;
      return bytes;
    } finally {
      if (done && stateFile != null) {
        Files.deleteIfExists(stateFile);
      } else if (!done) {
        save();
      }
    }
  }

  private long verifyAll() throws IOException {
    totalBytes = store.storedBytes();
    for (long number : maps.list()) {
      if (imports.exists(number)) {
        // Half made, and whoever gives it up would wait for all of it to be read.
        continue;
      }
      Runnable left = volumes.holdForReading(number);
      try {
        maps.with(
            number,
            map -> {
              scrub.run(map);
              return null;
            });
      } catch (NoSuchFileException e) {
        // Deleted meanwhile.
      } catch (CorruptDataException e) {
        told(new ScrubListener.Damage(names.volume(number), null, null, 0, 0, e.getMessage()));
      } finally {
        left.run();
      }
    }
    listener.progress(Math.max(doneBytes, totalBytes), Math.max(doneBytes, totalBytes));
    return doneBytes;
  }

  long damages() {
    return damages.size();
  }

  /** Without it the next scrub only takes longer. */
  private void save() {
    savedNanos = System.nanoTime();
    if (stateFile == null) {
      return;
    }
    try {
      new ScrubState(clock.instant(), doneBytes, totalBytes, scrub.completed(), damages)
          .save(stateFile);
    } catch (IOException e) {
      LOG.warn("A scrub that is interrupted now begins anew: {}", e.getMessage());
    }
  }

  @Override
  public void verified(long bytes) throws IOException {
    doneBytes += bytes;
    // Also often enough to notice soon that nobody listens any more.
    long now = System.nanoTime();
    if (doneBytes - toldBytes >= PROGRESS_BYTES || now - toldNanos >= PROGRESS_NANOS) {
      toldBytes = doneBytes;
      toldNanos = now;
      listener.progress(doneBytes, Math.max(doneBytes, totalBytes));
    }
    if (System.nanoTime() - savedNanos > SAVE_NANOS) {
      save();
    }
    if (bytesPerSecondMax > 0) {
      double dueNanos = (double) (doneBytes - skippedBytes) / bytesPerSecondMax * NANOS_PER_SECOND;
      long early = (long) dueNanos - (System.nanoTime() - startNanos);
      if (early > 0) {
        LockSupport.parkNanos(early);
      }
    }
  }

  @Override
  public void damagedExtent(
      FrozenMap root, long snapshotNumber, byte[] key, int lengthBytes, String problem)
      throws IOException {
    byte[] path = null;
    try {
      path = PathFinder.pathOf(root, Keys.inodeOf(key));
    } catch (CorruptDataException e) {
      // The tree is damaged, too, which is told by itself.
    }
    told(
        new ScrubListener.Damage(
            names.volume(root.volumeNumber()),
            names.snapshot(snapshotNumber),
            path,
            Keys.numberOf(key),
            lengthBytes,
            problem));
  }

  @Override
  public void damagedNode(VolumeMap map, long snapshotNumber, String problem) throws IOException {
    told(
        new ScrubListener.Damage(
            names.volume(map.number()), names.snapshot(snapshotNumber), null, 0, 0, problem));
  }

  private void told(ScrubListener.Damage damage) throws IOException {
    String path = damage.path() == null ? "" : new String(damage.path(), ISO_8859_1);
    if (toldDamages.add(
        String.join("\0", damage.volume(), path, "" + damage.offset(), damage.problem()))) {
      damages.add(damage);
      listener.damaged(damage);
    }
  }
}
