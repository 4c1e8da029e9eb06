package dev.firn.region;

import dev.firn.base.DurableFiles;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.map.FrozenMap;
import dev.firn.map.MapStore;
import dev.firn.map.VolumeMap;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotMetadata;
import dev.firn.snapshot.SnapshotState;
import dev.firn.store.CorruptDataException;
import dev.firn.vfs.VolumeFileSystem;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a home's catalog anew from its store alone: each block map says of which volume it is, and
 * each frozen root of which snapshot. The new catalog takes the old one's place when it is
 * complete, and the old one is kept beside it. For one thread, while nobody has the home.
 *
 * <p>What only a catalog knows is lost: the Region's name and the order of its Subregions (unless
 * the old catalog still tells), mounts that a start would bring back, and snapshots that failed.
 * Snapshots on their way out are completed again.
 */
final class CatalogRebuild {
  private static final Logger LOG = LoggerFactory.getLogger(CatalogRebuild.class);
  private static final String FALLBACK_REGION = "local-1";
  private static final long FALLBACK_SIZE_BYTES = Sizes.GIB;
  private static final DateTimeFormatter SUFFIX =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);

  private final Home home;
  private final Clock clock;
  private final List<Volume> volumes = new ArrayList<>();
  private final List<Snapshot> snapshots = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final Set<String> ids = new HashSet<>();
  private final Set<String> volumeNames = new HashSet<>();
  private final Set<String> snapshotNames = new HashSet<>();

  /** The maps of which the old catalog knows. */
  private final Set<Long> known = new TreeSet<>();

  private long highestVolume;

  private CatalogRebuild(Home home, Clock clock) {
    this.home = home;
    this.clock = clock;
  }

  /**
   * Does it.
   *
   * @throws FirnException NOT_FOUND if there is no store, CONFLICT if a process has the home
   */
  static RebuildReport run(Path directory, Clock clock) throws IOException {
    if (!Files.isDirectory(directory.resolve("store"))) {
      throw FirnException.notFound(
          "home %s has no store to make a catalog from: name another home", directory);
    }
    try (Home home = Home.open(directory)) {
      return new CatalogRebuild(home, clock).run();
    }
  }

  private RebuildReport run() throws IOException {
    RegionInfo region = region();
    try (MapStore store = MapStore.open(home.store(), region.subregions())) {
      MapStore.RestoredSuperblocks superblocks = store.restoreSuperblocks(known);
      for (long number : superblocks.restored()) {
        notes.add("the superblock of map " + number + " was made anew from the log");
      }
      for (long number : superblocks.lost()) {
        notes.add("map " + number + " was deleted, or its superblock and all copies are lost");
      }
      for (long number : store.list()) {
        read(store, number);
      }
      highestVolume = store.highestVolumeNumber();
    }
    Path fresh = home.directory().resolve("tmp").resolve(home.catalog().getFileName());
    write(fresh, region);
    verify(fresh);
    Path old = keepOld();
    Files.move(fresh, home.catalog(), StandardCopyOption.ATOMIC_MOVE);
    DurableFiles.force(home.directory());
    return new RebuildReport(region.name(), volumes.size(), snapshots.size(), old, notes);
  }

  /** As the old catalog has it, if it still can be read; else as the store suggests. */
  private RegionInfo region() throws IOException {
    if (Files.exists(home.catalog())) {
      try (Catalog old = Catalog.open(home.catalog())) {
        RegionRows rows = new RegionRows(old);
        known.addAll(
            CatalogedMaps.numbers(new VolumeRows(old, clock), new SnapshotRows(old, clock)));
        if (rows.name() != null) {
          return new RegionInfo(rows.name(), rows.subregions(), home.directory());
        }
      } catch (FirnException e) {
        if (e.kind() != ErrorKind.CORRUPT) {
          // A newer one, say: not damaged, and not to be replaced by an older one.
          throw e;
        }
        LOG.info("The old catalog cannot be read", e);
        notes.add("the old catalog cannot be read");
      }
    }
    Set<String> subregions = new TreeSet<>();
    Path segments = home.store().resolve("segments");
    if (Files.isDirectory(segments)) {
      try (DirectoryStream<Path> found = Files.newDirectoryStream(segments, Files::isDirectory)) {
        found.forEach(each -> subregions.add(each.getFileName().toString()));
      }
    }
    if (subregions.isEmpty()) {
      subregions.add(FALLBACK_REGION + "a");
    }
    // Subregions are usually named after their Region, with a letter behind.
    String first = subregions.iterator().next();
    String name = first.matches(".*[0-9][a-z]") ? first.substring(0, first.length() - 1) : first;
    notes.add("the region is called '" + name + "', after its subregions");
    return new RegionInfo(name, List.copyOf(subregions), home.directory());
  }

  private void read(MapStore store, long number) throws IOException {
    MapStore.Identity identity = store.identity(number);
    List<Snapshot> found = new ArrayList<>();
    long usedBytes = 0;
    boolean whole = false;
    try (VolumeMap map = store.open(number)) {
      for (VolumeMap.FrozenRoot root : map.frozenRoots()) {
        found.add(snapshot(root, number));
      }
      try (FrozenMap head = map.freeze()) {
        usedBytes = VolumeFileSystem.usedBytes(head);
      }
      whole = true;
    } catch (CorruptDataException e) {
      notes.add("map " + number + " cannot be read whole: " + e.getMessage());
    }
    Volume volume = volume(identity, found, usedBytes);
    if (whole && volume == null && found.isEmpty()) {
      notes.add("map " + number + ", of an import that did not end, was removed");
      store.delete(number);
    }
    if (volume != null) {
      String name = volume.name();
      for (int i = 2; !volumeNames.add(name); i++) {
        name = volume.name() + "-" + i;
      }
      if (!name.equals(volume.name())) {
        notes.add("a second volume '" + volume.name() + "' is called '" + name + "'");
        volume = renamed(volume, name);
      }
      ids.add(volume.id());
      volumes.add(volume);
    }
    for (Snapshot each : found) {
      boolean free = each.name() == null || snapshotNames.add(each.volumeId() + "@" + each.name());
      if (!free) {
        notes.add(
            "snapshot " + each.id() + " has no name any more: another has '" + each.name() + "'");
      }
      boolean renamed = volume != null && volume.id().equals(each.volumeId());
      ids.add(each.id());
      snapshots.add(
          named(each, free ? each.name() : null, renamed ? volume.name() : each.volumeName()));
    }
  }

  private Snapshot snapshot(VolumeMap.FrozenRoot root, long volumeNumber) {
    try {
      return SnapshotMetadata.decode(root.metadata(), root.number(), volumeNumber);
    } catch (CorruptDataException e) {
      notes.add(e.getMessage());
      return new Snapshot(
          Ids.fresh("snap", id -> !ids.contains(id)),
          root.number(),
          null,
          volumeNumber,
          Snapshot.NO_VOLUME_ID,
          "",
          SnapshotState.COMPLETED,
          100,
          "",
          FALLBACK_SIZE_BYTES,
          clock.instant().truncatedTo(ChronoUnit.MILLIS),
          Map.of(),
          null);
    }
  }

  /** Null if the map is there for its snapshots alone. */
  private Volume volume(MapStore.Identity identity, List<Snapshot> found, long usedBytes) {
    if (identity.metadata().length > 0) {
      try {
        return VolumeMetadata.decode(
            identity.metadata(),
            identity.number(),
            identity.options().compression(),
            identity.options().placement());
      } catch (CorruptDataException e) {
        notes.add(e.getMessage());
      }
    }
    // Of a store that an older Firn wrote: snapshots tell what their volume was.
    Snapshot newest = found.isEmpty() ? null : found.get(found.size() - 1);
    boolean imported = newest != null && newest.volumeId().equals(Snapshot.NO_VOLUME_ID);
    if (imported || usedBytes < 0) {
      return null;
    }
    long sizeBytes = newest == null ? FALLBACK_SIZE_BYTES : newest.sizeBytes();
    while (sizeBytes < usedBytes) {
      sizeBytes *= 2;
    }
    Volume volume =
        new Volume(
            newest == null ? Ids.fresh("vol", id -> !ids.contains(id)) : newest.volumeId(),
            identity.number(),
            newest == null ? "volume-" + identity.number() : newest.volumeName(),
            Checks.kind(null),
            sizeBytes,
            VolumeState.AVAILABLE,
            identity.options().compression(),
            identity.options().placement(),
            null,
            newest == null ? clock.instant().truncatedTo(ChronoUnit.MILLIS) : newest.createdAt());
    notes.add(
        String.format(
            "volume '%s' (map %d) does not say what it was: its name and size may have been others",
            volume.name(), identity.number()));
    return volume;
  }

  private static Volume renamed(Volume volume, String name) {
    return new Volume(
        volume.id(),
        volume.number(),
        name,
        volume.kind(),
        volume.sizeBytes(),
        volume.state(),
        volume.compression(),
        volume.subregion(),
        volume.sourceSnapshotId(),
        volume.createdAt());
  }

  private static Snapshot named(Snapshot snapshot, String name, String volumeName) {
    return new Snapshot(
        snapshot.id(),
        snapshot.number(),
        name,
        snapshot.volumeNumber(),
        snapshot.volumeId(),
        volumeName,
        snapshot.state(),
        snapshot.progress(),
        snapshot.description(),
        snapshot.sizeBytes(),
        snapshot.createdAt(),
        snapshot.tags(),
        snapshot.failure(),
        snapshot.originId());
  }

  private void write(Path file, RegionInfo region) throws IOException {
    // Volumes may be where no Subregion is known any more.
    Set<String> missing = new TreeSet<>();
    volumes.forEach(volume -> missing.add(volume.subregion()));
    region.subregions().forEach(missing::remove);
    List<String> subregions = new ArrayList<>(region.subregions());
    subregions.addAll(missing);
    long highestSnapshot = snapshots.stream().mapToLong(Snapshot::number).max().orElse(0);
    try (Catalog catalog = Catalog.open(file)) {
      new RegionRows(catalog).insert(region.name(), subregions);
      catalog.transact(
          handle -> {
            volumes.forEach(volume -> VolumeRows.insert(handle, volume));
            snapshots.forEach(snapshot -> SnapshotRows.insert(handle, snapshot));
            Catalog.raise(handle, "volume", highestVolume);
            Catalog.raise(handle, "snapshot", highestSnapshot);
            return null;
          });
    }
  }

  private void verify(Path file) throws IOException {
    try (Catalog catalog = Catalog.open(file)) {
      if (!new VolumeRows(catalog, clock).all().equals(volumes)
          || new SnapshotRows(catalog, clock).all().size() != snapshots.size()) {
        throw new IOException("the new catalog does not have what was written to it");
      }
    }
    DurableFiles.force(file);
  }

  /** The old catalog's second name; null if there was none. */
  private Path keepOld() throws IOException {
    // Where verified nodes are says nothing any more: numbers of volumes may be given out again.
    Files.deleteIfExists(home.scrubState());
    String suffix = ".replaced-" + SUFFIX.format(Instant.ofEpochMilli(clock.millis()));
    Path old = sibling(home.catalog(), suffix);
    // SQLite's own files beside it belong to it, and would be taken for the new one's.
    for (String part : List.of("-wal", "-shm")) {
      Path beside = sibling(home.catalog(), part);
      if (Files.exists(beside)) {
        Files.move(beside, sibling(old, part), StandardCopyOption.ATOMIC_MOVE);
      }
    }
    if (!Files.exists(home.catalog())) {
      return null;
    }
    // A second name: there is a catalog at every moment.
    Files.createLink(old, home.catalog());
    return old;
  }

  private static Path sibling(Path file, String suffix) {
    return file.resolveSibling(file.getFileName() + suffix);
  }
}
