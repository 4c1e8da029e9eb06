package dev.firn.daemon;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.map.ReclaimReport;
import dev.firn.region.MountRecord;
import dev.firn.region.Region;
import dev.firn.region.RegionInfo;
import dev.firn.region.ScrubListener;
import dev.firn.server.Actions;
import dev.firn.server.Events;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The actions on the daemon itself, on its Region and on its mounts. */
final class DaemonActions {
  private static final Logger LOG = LoggerFactory.getLogger(DaemonActions.class);

  private final Region region;
  private final MountTable mounts;
  private final Instant startedAt;

  DaemonActions(Region region, MountTable mounts, Instant startedAt) {
    this.region = region;
    this.mounts = mounts;
    this.startedAt = startedAt;
  }

  record None() {}

  /**
   * @param target a volume or a snapshot
   */
  record MountParameters(
      String target,
      Path directory,
      boolean readOnly,
      boolean showSnapshots,
      String transport,
      List<String> options) {
    MountParameters {
      Actions.required("target", target);
      Actions.required("directory", directory);
      Actions.required("transport", transport);
      options = options == null ? List.of() : List.copyOf(options);
    }
  }

  record UnmountParameters(Path directory) {
    UnmountParameters {
      Actions.required("directory", directory);
    }
  }

  record ReclaimParameters(boolean dryRun) {}

  /**
   * @param bytesPerSecondMax 0: no limit
   * @param restart not to continue one that was interrupted
   */
  record ScrubParameters(long bytesPerSecondMax, boolean restart) {}

  /**
   * What {@code ReadScrub} answers.
   *
   * @param interrupted what the next scrub would continue, or null
   */
  record ScrubStatus(Region.InterruptedScrub interrupted) {}

  /**
   * @param headsOnly whether to leave out the file systems of snapshots
   */
  record CheckParameters(boolean headsOnly) {}

  /** What {@code ReadStatus} answers. */
  record Status(
      long pid,
      Path home,
      String region,
      String version,
      Instant startedAt,
      List<MountStatus> mounts) {}

  void register(Actions actions) {
    actions
        .answer("ReadStatus", None.class, none -> status())
        .answer("ReadRegion", None.class, none -> region.info())
        .answer("Reclaim", ReclaimParameters.class, this::reclaim)
        .answer("ReadDiskUse", None.class, none -> region.diskUse())
        .answer("ReadScrub", None.class, none -> new ScrubStatus(region.interruptedScrub()))
        .work("Scrub", ScrubParameters.class, this::scrub)
        .work("Check", CheckParameters.class, this::check)
        .answer("Stop", None.class, none -> stop())
        .answer("Mount", MountParameters.class, this::mount)
        .answer("Unmount", UnmountParameters.class, this::unmount);
  }

  private Status status() {
    RegionInfo info = region.info();
    return new Status(
        ProcessHandle.current().pid(),
        info.home(),
        info.name(),
        Version.text(),
        startedAt,
        mounts.list());
  }

  /** Unmounts, so that the answer can tell of it; the rest waits until it has been answered. */
  private Map<String, Object> stop() {
    boolean durable = mounts.unmountAll();
    new Thread(() -> System.exit(0), "exit").start();
    return Map.of("pid", ProcessHandle.current().pid(), "durable", durable);
  }

  private ReclaimReport reclaim(ReclaimParameters parameters) throws IOException {
    return region.reclaim(parameters.dryRun());
  }

  private Region.ScrubResult scrub(ScrubParameters parameters, Events events) throws IOException {
    return region.scrub(
        parameters.bytesPerSecondMax(), parameters.restart(), listener("Scrub", events));
  }

  private Map<String, Object> check(CheckParameters parameters, Events events) throws IOException {
    return Map.of("problems", region.check(parameters.headsOnly(), listener("Check", events)));
  }

  private static ScrubListener listener(String action, Events events) {
    return new ScrubListener() {
      @Override
      public void progress(long doneBytes, long totalBytes) throws IOException {
        events.progress(doneBytes, totalBytes, "bytes");
      }

      @Override
      public void damaged(Damage damage) throws IOException {
        Map<String, Object> item = new LinkedHashMap<>();
        item.put("volume", damage.volume());
        item.put("snapshot", damage.snapshot());
        if (damage.path() != null) {
          SnapshotActions.putPath(item, "path", damage.path());
        }
        item.put("offset", damage.offset());
        item.put("lengthBytes", damage.lengthBytes());
        item.put("problem", damage.problem());
        LOG.error("{}: {}", action, item);
        events.item(item);
      }
    };
  }

  private MountStatus mount(MountParameters parameters) throws IOException {
    return mounts.mount(
        new MountRecord(
            parameters.directory(),
            targetId(parameters.target()),
            parameters.readOnly(),
            parameters.showSnapshots(),
            parameters.transport(),
            parameters.options()));
  }

  private Map<String, Object> unmount(UnmountParameters parameters) throws IOException {
    mounts.unmount(parameters.directory());
    return Map.of();
  }

  private String targetId(String reference) {
    Optional<String> volume = found(() -> region.volume(reference).id());
    Optional<String> snapshot = found(() -> region.snapshot(reference).id());
    if (volume.isPresent() && snapshot.isPresent()) {
      throw FirnException.conflict(
          "'%s' is a volume and a snapshot; say %s or %s", reference, volume.get(), snapshot.get());
    }
    return volume
        .or(() -> snapshot)
        .orElseThrow(
            () ->
                FirnException.notFound(
                    "there is no volume and no snapshot '%s'; 'firn volume list' and"
                        + " 'firn snapshot list' show what there is",
                    reference));
  }

  private static Optional<String> found(Supplier<String> lookUp) {
    try {
      return Optional.of(lookUp.get());
    } catch (FirnException e) {
      if (e.kind() == ErrorKind.NOT_FOUND) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
