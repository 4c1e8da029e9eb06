package dev.firn.region;

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
import java.nio.file.NoSuchFileException;
import java.util.concurrent.locks.LockSupport;

/** Reads what a home keeps, as deep as wanted, and verifies it. For one thread. */
final class Scrubber implements ScrubVisitor {
  private static final long PROGRESS_BYTES = 8 << 20;
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private final MapStore store;
  private final MapPool maps;
  private final RootNames names;
  private final Volumes volumes;
  private final Scrub.Depth depth;
  private final ScrubListener listener;

  /** 0: as fast as the disk reads. */
  private final long bytesPerSecondMax;

  private final long startNanos = System.nanoTime();
  private long totalBytes;
  private long doneBytes;
  private long toldBytes;
  private long damages;

  Scrubber(
      MapStore store,
      MapPool maps,
      RootNames names,
      Volumes volumes,
      Scrub.Depth depth,
      ScrubListener listener,
      long bytesPerSecondMax) {
    this.store = store;
    this.maps = maps;
    this.names = names;
    this.volumes = volumes;
    this.depth = depth;
    this.listener = listener;
    this.bytesPerSecondMax = bytesPerSecondMax;
  }

  /** Answers how many bytes are as they were written. */
  long run() throws IOException {
    totalBytes = store.storedBytes();
    Scrub scrub = store.scrub(depth, Keys::isExtent, this);
    for (long number : maps.list()) {
      Runnable left = volumes.holdForReading(number);
      try (MapPool.Use use = maps.open(number)) {
        scrub.run(use.map());
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
    return damages;
  }

  @Override
  public void verified(long bytes) throws IOException {
    doneBytes += bytes;
    if (doneBytes - toldBytes >= PROGRESS_BYTES) {
      toldBytes = doneBytes;
      listener.progress(doneBytes, Math.max(doneBytes, totalBytes));
    }
    if (bytesPerSecondMax > 0) {
      double dueNanos = (double) doneBytes / bytesPerSecondMax * NANOS_PER_SECOND;
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
    damages++;
    listener.damaged(damage);
  }
}
