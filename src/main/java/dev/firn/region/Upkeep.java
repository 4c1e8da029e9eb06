package dev.firn.region;

import dev.firn.base.DiskErrors;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.map.MapStore;
import dev.firn.map.ReclaimReport;
import dev.firn.map.Scrub;
import dev.firn.snapshot.MapPool;
import dev.firn.store.CorruptDataException;
import dev.firn.store.StoreFailedException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Keeps a home in order: gives space back and tells what holds it, verifies what is kept. Safe for
 * concurrent use, and beside all other work.
 */
public final class Upkeep {
  private final Path scrubState;
  private final MapStore store;
  private final MapPool maps;
  private final RootNames names;
  private final SnapshotRows snapshotRows;
  private final References references;
  private final ImportRows importRows;
  private final Volumes volumes;
  private final Reclaimer reclaimer;
  private final Accounting accounting;
  private final Clock clock;
  private final AtomicBoolean scrubbing = new AtomicBoolean();

  Upkeep(
      Home home,
      List<String> subregions,
      MapStore store,
      MapPool maps,
      VolumeRows volumeRows,
      SnapshotRows snapshotRows,
      ImportRows importRows,
      References references,
      Volumes volumes,
      Reclaimer reclaimer,
      Clock clock) {
    this.scrubState = home.scrubState();
    this.store = store;
    this.maps = maps;
    this.names = new RootNames(volumeRows, snapshotRows);
    this.snapshotRows = snapshotRows;
    this.importRows = importRows;
    this.references = references;
    this.volumes = volumes;
    this.reclaimer = reclaimer;
    this.accounting = new Accounting(store, maps, volumeRows, snapshotRows, subregions);
    this.clock = clock;
  }

  /**
   * Gives the space of what was deleted back to the disk now; by itself that happens within a
   * minute or so.
   *
   * @param dryRun only tell how much it would be
   */
  public ReclaimReport reclaim(boolean dryRun) throws IOException {
    try {
      return reclaimer.run(dryRun);
    } catch (CorruptDataException | StoreFailedException e) {
      throw e;
    } catch (IOException e) {
      throw new FirnException(
          DiskErrors.saysFull(e.getMessage()) ? ErrorKind.NO_SPACE : ErrorKind.FAILED,
          String.format(
              "space could not be given back, and nothing was harmed: %s; try again when the disk"
                  + " is well",
              e.getMessage()),
          e);
    }
  }

  /** How much of the disk snapshots hold, each by itself and all of them together. */
  public SnapshotSpace snapshotSpace(List<String> snapshotReferences) throws IOException {
    return accounting.snapshots(snapshotReferences.stream().map(references::snapshot).toList());
  }

  /** How much of the disk everything holds. */
  public DiskUse diskUse() throws IOException {
    return accounting.disk();
  }

  /**
   * Reads everything that the home keeps and verifies it, beside all other work.
   *
   * <p>One that is interrupted can be continued, also by the next process.
   *
   * @param bytesPerSecondMax 0: as fast as the disk reads
   * @param restart begin anew even if an earlier one was interrupted
   * @throws FirnException CONFLICT while another one runs
   */
  public ScrubResult scrub(long bytesPerSecondMax, boolean restart, ScrubListener listener)
      throws IOException {
    if (!scrubbing.compareAndSet(false, true)) {
      throw FirnException.conflict("a scrub runs already: wait for that to end, or interrupt it");
    }
    try {
      Scrubber scrubber =
          new Scrubber(
              store,
              maps,
              names,
              volumes,
              importRows,
              Scrub.Depth.FILE_BYTES,
              listener,
              bytesPerSecondMax,
              scrubState,
              clock);
      ScrubState interrupted = restart ? null : ScrubState.load(scrubState, clock.instant());
      if (interrupted != null) {
        scrubber.continueFrom(interrupted);
      }
      long bytes = scrubber.run();
      return new ScrubResult(bytes, scrubber.damages());
    } finally {
      scrubbing.set(false);
    }
  }

  /**
   * How far a scrub had come that was interrupted.
   *
   * @param totalBytes about
   */
  public record InterruptedScrub(Instant interruptedAt, long doneBytes, long totalBytes) {}

  /** The scrub that the next one would continue, or null. */
  public InterruptedScrub interruptedScrub() {
    ScrubState state = ScrubState.load(scrubState, clock.instant());
    return state == null
        ? null
        : new InterruptedScrub(state.savedAt(), state.doneBytes(), state.totalBytes());
  }

  /**
   * Checks that everything fits together, beside all other work: trees, the file systems in them,
   * and the catalog against the store. File bytes are not read: that is {@link #scrub}.
   *
   * @param headsOnly whether to leave out the file systems of snapshots, of which each takes as
   *     long as a volume
   * @return how many problems there are
   */
  public long check(boolean headsOnly, ScrubListener listener) throws IOException {
    return new Checker(store, maps, names, volumes, snapshotRows, importRows, listener)
        .run(headsOnly);
  }

  /**
   * What {@link #scrub} found.
   *
   * @param verifiedBytes the bytes that are as they were written
   * @param damages how many runs of bytes, or parts of trees, are not
   */
  public record ScrubResult(long verifiedBytes, long damages) {}
}
