package dev.firn.daemon;

import dev.firn.base.FirnException;
import dev.firn.fuse.Mount;
import dev.firn.fuse.MountOptions;
import dev.firn.fuse.MountPoint;
import dev.firn.fuse.Transport;
import dev.firn.fuse.Transports;
import dev.firn.pack.PackageFileSystem;
import dev.firn.pack.ProgressListener;
import dev.firn.pack.Trust;
import dev.firn.region.MountRecord;
import dev.firn.region.Region;
import dev.firn.server.Failure;
import dev.firn.snapshot.Snapshot;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is mounted where, and what should be. A mount that a user asked for is stored, and comes
 * back whenever the home is opened, until somebody unmounts it.
 *
 * <p>Safe for concurrent use. The lock is held only to look at the table and change it; mounting
 * and unmounting happen outside, while the entry's state keeps others away from it.
 */
final class MountTable {
  private static final Logger LOG = LoggerFactory.getLogger(MountTable.class);
  private static final String SNAPSHOT_PREFIX = "snap-";

  /** In front of a package's file, in place of an id. */
  static final String PACKAGE_PREFIX = "package:";

  private final Region region;
  private final Object lock = new Object();
  private final Map<Path, Entry> entries = new LinkedHashMap<>();
  private boolean stopping;

  MountTable(Region region) {
    this.region = region;
  }

  private enum State {
    MOUNTING,
    MOUNTED,
    UNMOUNTING,
    /** Wanted, but could not be restored. */
    FAILED
  }

  private static final class Entry {
    final MountRecord record;

    /** A package, behind those that it needs; empty: it is a volume or a snapshot. */
    final List<Path> packages;

    State state = State.MOUNTING;
    String problem;
    FileSystem fileSystem;
    Mount mount;

    Entry(MountRecord record, List<Path> packages) {
      this.record = record;
      this.packages = packages;
    }
  }

  /** Mounts what was mounted when the home was last in service; failures are kept and shown. */
  void restore() {
    for (Path directory : region.obsoleteMounts()) {
      try {
        MountPoint.clearDeadMounts(directory);
      } catch (IOException | RuntimeException e) {
        LOG.warn("A dead mount stays at {}", directory, e);
      }
    }
    for (MountRecord record : region.mounts()) {
      Entry entry = new Entry(record, List.of());
      synchronized (lock) {
        entries.put(record.directory(), entry);
      }
      try {
        place(record.directory());
        serve(entry);
        LOG.info("Mounted {} at {} again", record.targetId(), record.directory());
      } catch (IOException | RuntimeException e) {
        Failure failure = Failure.of(e);
        LOG.error("{} cannot be mounted at {} again", record.targetId(), record.directory(), e);
        synchronized (lock) {
          entry.state = State.FAILED;
          entry.problem = failure.message();
        }
      }
    }
  }

  /**
   * Mounts a volume or a snapshot and remembers it, or a package.
   *
   * @param wanted its directory need not be resolved
   * @param packages the package, behind those that it needs; empty: it is none
   */
  MountStatus mount(MountRecord wanted, List<Path> packages) throws IOException {
    Transports.named(wanted.transport());
    refuseTaken(resolve(wanted.directory()));
    MountRecord record =
        new MountRecord(
            place(wanted.directory()),
            wanted.targetId(),
            wanted.readOnly() || !isVolume(wanted),
            wanted.showSnapshots(),
            wanted.transport(),
            wanted.options());
    Entry entry = new Entry(record, packages);
    reserve(entry);
    boolean mounted = false;
    try {
      if (!isPackage(record)) {
        // A package's file may be gone by the next start.
        region.saveMount(record);
      }
      serve(entry);
      mounted = true;
    } finally {
      if (!mounted) {
        region.removeMount(record.directory());
        forget(entry);
      }
    }
    LOG.info("Mounted {} at {}", record.targetId(), record.directory());
    return status(entry);
  }

  /** Unmounts a directory and forgets it; returns once everything is durable. */
  void unmount(Path directory) throws IOException {
    unmount(directory, false);
  }

  /**
   * As the other.
   *
   * @param anyway whether one that is in use is detached: its users see an error from then on
   */
  void unmount(Path directory, boolean anyway) throws IOException {
    Path place = resolve(directory);
    Entry entry;
    boolean served;
    synchronized (lock) {
      entry = entries.get(place);
      if (entry == null) {
        throw FirnException.notFound(
            "nothing of Firn is mounted at '%s'; 'firn daemon status' lists the mounts", directory);
      }
      if (entry.state == State.MOUNTING || entry.state == State.UNMOUNTING) {
        throw FirnException.conflict(
            "'%s' is %s just now; try again in a moment", directory, word(entry.state));
      }
      served = entry.state == State.MOUNTED;
      entry.state = State.UNMOUNTING;
    }
    try {
      if (served && anyway) {
        takeAnyway(entry);
      } else if (served) {
        take(entry);
      }
    } catch (FirnException busy) {
      stillMounted(entry);
      throw busy;
    }
    region.removeMount(place);
    forget(entry);
    LOG.info("Unmounted {}", place);
  }

  /**
   * Ends all mounts but keeps them wanted. One that is in use is detached: its users see an error
   * from then on. Answers whether everything became durable.
   */
  boolean unmountAll() {
    List<Entry> mounted = new ArrayList<>();
    synchronized (lock) {
      stopping = true;
      for (Entry entry : entries.values()) {
        if (entry.state == State.MOUNTED) {
          entry.state = State.UNMOUNTING;
          mounted.add(entry);
        }
      }
    }
    boolean durable = true;
    for (Entry entry : mounted) {
      try {
        takeAnyway(entry);
      } catch (IOException | RuntimeException e) {
        LOG.error("{} was not unmounted in order", entry.record.directory(), e);
        durable = false;
      }
      forget(entry);
    }
    return durable;
  }

  List<MountStatus> list() {
    List<Entry> all;
    synchronized (lock) {
      all = new ArrayList<>(entries.values());
    }
    return all.stream().map(this::status).toList();
  }

  /** Where a volume or snapshot is mounted; failed mounts do not count. */
  List<Path> directoriesOf(String targetId) {
    synchronized (lock) {
      return entries.values().stream()
          .filter(entry -> entry.state != State.FAILED && entry.record.targetId().equals(targetId))
          .map(entry -> entry.record.directory())
          .toList();
    }
  }

  /** A mount that serves. */
  record Served(Path directory, boolean readOnly, FileSystem fileSystem) {}

  /** The mount of a volume, or null. */
  Served served(String volumeId) {
    synchronized (lock) {
      for (Entry entry : entries.values()) {
        if (entry.state == State.MOUNTED && entry.record.targetId().equals(volumeId)) {
          return new Served(entry.record.directory(), entry.record.readOnly(), entry.fileSystem);
        }
      }
      return null;
    }
  }

  /** Refuses what cannot be done to a mounted thing. */
  void refuseMounted(String targetId, String description) {
    List<Path> directories = directoriesOf(targetId);
    if (!directories.isEmpty()) {
      throw FirnException.conflict(
          "%s is mounted at '%s'; unmount it first: firn umount %s",
          description, directories.get(0), directories.get(0));
    }
  }

  /** Forgets wanted mounts of something that is no more. */
  void forgetTarget(String targetId) {
    List<Entry> gone;
    synchronized (lock) {
      gone =
          entries.values().stream()
              .filter(entry -> entry.state == State.FAILED)
              .filter(entry -> entry.record.targetId().equals(targetId))
              .toList();
    }
    for (Entry entry : gone) {
      forget(entry);
      region.removeMount(entry.record.directory());
    }
  }

  /** Says what is mounted there in Firn's words, before the kernel's are asked for. */
  private void refuseTaken(Path place) {
    synchronized (lock) {
      Entry there = entries.get(place);
      if (there != null && there.state != State.FAILED) {
        throw FirnException.conflict(
            "cannot mount at '%s': %s is %s there; choose another directory or unmount it first:"
                + " firn umount %s",
            place, there.record.targetId(), word(there.state), place);
      }
    }
  }

  private Path place(Path directory) throws IOException {
    Path place = resolve(directory);
    Path home = region.home().toRealPath();
    if (place.startsWith(home) || home.startsWith(place)) {
      throw FirnException.usage(
          "cannot mount at '%s': neither may it be inside the home '%s' nor the home inside it;"
              + " choose another directory",
          directory, home);
    }
    return MountPoint.prepare(directory);
  }

  /**
   * Without links; a directory that cannot be looked at, such as a dead mount, is taken as named.
   */
  private static Path resolve(Path directory) {
    try {
      return directory.toRealPath();
    } catch (IOException e) {
      return resolveParent(directory.toAbsolutePath().normalize());
    }
  }

  private static Path resolveParent(Path directory) {
    Path parent = directory.getParent();
    if (parent == null) {
      return directory;
    }
    try {
      return parent.toRealPath().resolve(directory.getFileName());
    } catch (IOException e) {
      return directory;
    }
  }

  /** Enters a mount into the table, if nothing speaks against it. */
  private void reserve(Entry entry) {
    MountRecord record = entry.record;
    List<Path> obsolete = new ArrayList<>();
    synchronized (lock) {
      if (stopping) {
        throw FirnException.conflict("the daemon is stopping; try again in a moment");
      }
      refuseTaken(record.directory());
      for (Entry other : List.copyOf(entries.values())) {
        if (!isVolume(record) || !other.record.targetId().equals(record.targetId())) {
          continue;
        }
        if (other.state != State.FAILED) {
          throw FirnException.conflict(
              "volume '%s' is mounted at '%s' already; unmount it there first, or mount a snapshot",
              region.volume(record.targetId()).name(), other.record.directory());
        }
        // What could not be restored is replaced by what is wanted now.
        entries.remove(other.record.directory());
        obsolete.add(other.record.directory());
      }
      entries.put(record.directory(), entry);
    }
    obsolete.forEach(region::removeMount);
  }

  /** Opens the file system and mounts it; an entry that fails holds nothing open. */
  private void serve(Entry entry) throws IOException {
    MountRecord record = entry.record;
    Transport transport = Transports.named(record.transport());
    String source = isVolume(record) ? region.volume(record.targetId()).name() : record.targetId();
    FileSystem fileSystem = open(entry);
    Mount mount = null;
    try {
      mount =
          transport.mount(
              fileSystem,
              record.directory(),
              new MountOptions(
                  "firn:" + source,
                  record.readOnly(),
                  record.options(),
                  DiskReadAhead.bytes(region.home())));
    } finally {
      if (mount == null) {
        fileSystem.close();
      }
    }
    synchronized (lock) {
      entry.fileSystem = fileSystem;
      entry.mount = mount;
      entry.state = State.MOUNTED;
      entry.problem = null;
    }
    mount.ended().whenCompleteAsync((nothing, failure) -> ended(entry, failure));
  }

  private FileSystem open(Entry entry) throws IOException {
    MountRecord record = entry.record;
    if (isPackage(record)) {
      return new PackageFileSystem(
          entry.packages,
          region.home().resolve("tmp"),
          Trust.of(region.home(), List.of(), false),
          ProgressListener.NONE);
    }
    return isVolume(record)
        ? region.openVolume(record.targetId(), record.showSnapshots())
        : region.openSnapshot(record.targetId(), "the mount at " + record.directory());
  }

  private static boolean isPackage(MountRecord record) {
    return record.targetId().startsWith(PACKAGE_PREFIX);
  }

  private static boolean isVolume(MountRecord record) {
    return !isPackage(record) && !record.targetId().startsWith(SNAPSHOT_PREFIX);
  }

  /** Somebody else unmounted it, unless the entry is being unmounted here. */
  private void ended(Entry entry, Throwable failure) {
    synchronized (lock) {
      if (entry.state != State.MOUNTED) {
        return;
      }
      entry.state = State.UNMOUNTING;
    }
    Path directory = entry.record.directory();
    if (failure != null) {
      LOG.error("{} was unmounted from outside, and could not be made durable", directory, failure);
    }
    try {
      entry.fileSystem.close();
    } catch (IOException | RuntimeException e) {
      LOG.error("{} was unmounted from outside, and could not be closed", directory, e);
    }
    region.removeMount(directory);
    forget(entry);
    LOG.info("{} was unmounted from outside", directory);
  }

  private void take(Entry entry) throws IOException {
    entry.mount.unmount();
    entry.fileSystem.close();
  }

  private void takeAnyway(Entry entry) throws IOException {
    try {
      entry.mount.unmount();
    } catch (FirnException busy) {
      LOG.warn("{}; it is detached", busy.getMessage());
      MountPoint.unmountLazily(entry.record.directory());
    } finally {
      entry.fileSystem.close();
    }
  }

  /** After an unmount that was refused; meanwhile it may have ended by itself. */
  private void stillMounted(Entry entry) {
    synchronized (lock) {
      entry.state = State.MOUNTED;
    }
    if (entry.mount.ended().isDone()) {
      ended(entry, null);
    }
  }

  private void forget(Entry entry) {
    synchronized (lock) {
      entries.remove(entry.record.directory(), entry);
    }
  }

  private MountStatus status(Entry entry) {
    MountRecord record = entry.record;
    synchronized (lock) {
      return new MountStatus(
          record.directory(),
          record.targetId(),
          targetName(record.targetId()),
          record.readOnly(),
          record.showSnapshots(),
          record.transport(),
          record.options(),
          word(entry.state),
          entry.state == State.FAILED ? entry.problem : region.problem(record.targetId()));
    }
  }

  private String targetName(String targetId) {
    try {
      if (targetId.startsWith(PACKAGE_PREFIX)) {
        return null;
      }
      if (targetId.startsWith(SNAPSHOT_PREFIX)) {
        Snapshot snapshot = region.snapshot(targetId);
        return snapshot.name();
      }
      return region.volume(targetId).name();
    } catch (FirnException gone) {
      return null;
    }
  }

  private static String word(State state) {
    return state.name().toLowerCase(Locale.ROOT);
  }
}
