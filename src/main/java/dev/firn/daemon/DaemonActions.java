package dev.firn.daemon;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.region.MountRecord;
import dev.firn.region.Region;
import dev.firn.region.RegionInfo;
import dev.firn.server.Actions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** The actions on the daemon itself, on its Region and on its mounts. */
final class DaemonActions {
  private final Region region;
  private final MountTable mounts;
  private final AttachmentTable attachments;
  private final Instant startedAt;

  DaemonActions(Region region, MountTable mounts, AttachmentTable attachments, Instant startedAt) {
    this.region = region;
    this.mounts = mounts;
    this.attachments = attachments;
    this.startedAt = startedAt;
  }

  record None() {}

  /**
   * @param target a volume or a snapshot
   * @param packageFiles a package instead, behind those that it needs; null: the target
   */
  record MountParameters(
      String target,
      List<Path> packageFiles,
      Path directory,
      boolean readOnly,
      boolean showSnapshots,
      String transport,
      List<String> options) {
    MountParameters {
      packageFiles = packageFiles == null ? List.of() : List.copyOf(packageFiles);
      if (packageFiles.isEmpty()) {
        Actions.required("target", target);
      }
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

  /** What {@code ReadStatus} answers. */
  record Status(
      long pid,
      Path home,
      String region,
      String version,
      Instant startedAt,
      List<MountStatus> mounts,
      List<AttachmentStatus> attachments) {}

  void register(Actions actions) {
    actions
        .answer("ReadStatus", None.class, none -> status())
        .answer("ReadRegion", None.class, none -> region.info())
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
        mounts.list(),
        attachments.list());
  }

  /**
   * Detaches, or refuses where a device is in use, and unmounts, so that the answer can tell of it;
   * the rest waits until it has been answered.
   */
  private Map<String, Object> stop() throws IOException {
    attachments.endAll();
    boolean durable = mounts.unmountAll();
    new Thread(() -> System.exit(0), "exit").start();
    return Map.of("pid", ProcessHandle.current().pid(), "durable", durable);
  }

  private MountStatus mount(MountParameters parameters) throws IOException {
    List<Path> packages = parameters.packageFiles();
    String targetId;
    if (!packages.isEmpty()) {
      targetId = MountTable.PACKAGE_PREFIX + packages.get(packages.size() - 1);
    } else {
      targetId = targetId(parameters.target());
      found(() -> region.volume(targetId)).ifPresent(attachments::refuseAttached);
    }
    MountRecord record =
        new MountRecord(
            parameters.directory(),
            targetId,
            parameters.readOnly(),
            parameters.showSnapshots(),
            parameters.transport(),
            parameters.options());
    return mounts.mount(record, packages);
  }

  private Map<String, Object> unmount(UnmountParameters parameters) throws IOException {
    attachments.refuseAttachedAt(parameters.directory());
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

  private static <T> Optional<T> found(Supplier<T> lookUp) {
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
