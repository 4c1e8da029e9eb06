package dev.firn.region;

import dev.firn.base.FirnException;
import dev.firn.map.FrozenMap;
import dev.firn.map.MapStore;
import dev.firn.map.VolumeMap;
import dev.firn.snapshot.MapPool;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotLease;
import dev.firn.snapshot.SnapshotManager;
import dev.firn.snapshot.SnapshotNames;
import dev.firn.snapshot.SnapshotRequest;
import dev.firn.snapshot.SnapshotView;
import dev.firn.snapshot.TreeDiff;
import dev.firn.vfs.Disk;
import dev.firn.vfs.DiskDiff;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.FrozenFileSystem;
import dev.firn.vfs.SetAttributes;
import dev.firn.vfs.VolumeFileSystem;
import dev.firn.vfs.VolumeKind;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One home: its volumes, snapshots, mounts and names. Everything users may do wrong is answered
 * with a {@link FirnException}; an IOException is a failure of the disk.
 *
 * <p>A volume reference is an id or a name; a snapshot reference is an id, a name, {@code
 * VOLUME@NAME}, {@code VOLUME@last} or {@code VOLUME@-2}. Safe for concurrent use.
 *
 * <p>Catalog and store change in an order that lets each start settle what a crash left: see the
 * invariants of {@link Volumes}, {@link SnapshotManager} and {@link RegionImport}. A block map
 * without any row therefore never comes from a crash but from a catalog older than the store; it is
 * left alone, and logged.
 */
public final class Region implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(Region.class);
  private static final String DEFAULT_NAME = "local-1";
  private static final List<String> DEFAULT_SUBREGIONS = List.of("local-1a");
  private static final DateTimeFormatter ROLLBACK_NAME =
      DateTimeFormatter.ofPattern("'before-rollback-'uuuuMMdd'T'HHmmss.SSS'Z'")
          .withZone(ZoneOffset.UTC);

  private final Home home;
  private final Catalog catalog;
  private final MapStore store;
  private final MapPool maps;
  private final Clock clock;
  private final RegionInfo info;
  private final VolumeRows volumeRows;
  private final SnapshotRows snapshotRows;
  private final MountRows mountRows;
  private final AttachmentRows attachmentRows;
  private final ImportRows importRows;
  private final References references;
  private final SnapshotManager snapshots;
  private final Volumes volumes;
  private final Reclaimer reclaimer;
  private final Upkeep upkeep;
  private final DiskBlocks blocks;
  private final Set<RegionImport> imports = ConcurrentHashMap.newKeySet();
  private final List<Path> obsoleteMounts = new ArrayList<>();
  private boolean closed;

  private Region(Home home, Catalog catalog, RegionInfo info, MapStore store, Clock clock)
      throws IOException {
    this.home = home;
    this.catalog = catalog;
    this.info = info;
    this.store = store;
    this.clock = clock;
    this.maps = new MapPool(store);
    this.volumeRows = new VolumeRows(catalog, clock);
    this.snapshotRows = new SnapshotRows(catalog, clock);
    this.mountRows = new MountRows(catalog);
    this.attachmentRows = new AttachmentRows(catalog);
    this.importRows = new ImportRows(catalog, clock);
    this.references = new References(volumeRows, snapshotRows);
    this.snapshots = new SnapshotManager(snapshotRows, maps);
    this.blocks = new DiskBlocks(references, snapshots);
    store.describeBy(number -> "volume '" + snapshotRows.volumeName(number) + "'");
    this.volumes =
        new Volumes(
            volumeRows,
            mountRows,
            references,
            snapshots,
            maps,
            info.subregions(),
            home.owner(),
            clock);
    this.reclaimer =
        new Reclaimer(
            store,
            maps,
            info.subregions(),
            () -> CatalogedMaps.require(volumeRows, snapshotRows, maps));
    this.upkeep =
        new Upkeep(
            home,
            info.subregions(),
            store,
            maps,
            volumeRows,
            snapshotRows,
            references,
            volumes,
            reclaimer,
            clock);
  }

  /** Makes a home; CONFLICT if there is one already. The first Subregion is the default. */
  public static void init(Path home, String region, List<String> subregions) throws IOException {
    Checks.name("region", region);
    if (subregions.isEmpty()) {
      throw FirnException.usage("region '%s' needs a subregion at least", region);
    }
    subregions.forEach(name -> Checks.name("subregion", name));
    if (Set.copyOf(subregions).size() < subregions.size()) {
      throw FirnException.usage("region '%s' has a subregion twice", region);
    }
    try (Home taken = Home.open(home);
        Catalog catalog = openCatalog(taken)) {
      RegionRows rows = new RegionRows(catalog);
      if (rows.name() != null) {
        throw FirnException.conflict(
            "home %s exists already, with region '%s': use it, or name another home",
            taken.directory(), rows.name());
      }
      rows.insert(region, subregions);
    }
  }

  /**
   * Makes a home's catalog anew from its store; see {@link RebuildReport#notes} for what that does
   * not give back. The old one is kept beside it. CONFLICT if a process has the home.
   */
  public static RebuildReport rebuildCatalog(Path home) throws IOException {
    return CatalogRebuild.run(home, Clock.systemUTC());
  }

  /** Opens a home, making it on first use, and owns it until {@link #close}. */
  public static Region open(Path home) throws IOException {
    return open(home, Clock.systemUTC());
  }

  static Region open(Path directory, Clock clock) throws IOException {
    Home home = Home.open(directory);
    Catalog catalog = null;
    MapStore store = null;
    boolean opened = false;
    try {
      catalog = openCatalog(home);
      RegionRows rows = new RegionRows(catalog);
      if (rows.name() == null) {
        requireEmptyStore(home);
        rows.insert(DEFAULT_NAME, DEFAULT_SUBREGIONS);
      }
      RegionInfo info = new RegionInfo(rows.name(), rows.subregions(), home.directory());
      store = MapStore.open(home.store(), info.subregions());
      Region region = new Region(home, catalog, info, store, clock);
      region.recover();
      region.reclaimer.start();
      opened = true;
      return region;
    } finally {
      if (!opened) {
        closeAll(store, catalog, home);
      }
    }
  }

  public Path home() {
    return home.directory();
  }

  public RegionInfo info() {
    return info;
  }

  public Volume createVolume(VolumeRequest request) throws IOException {
    return volumes.create(request);
  }

  /** All volumes, oldest first. */
  public List<Volume> volumes() {
    return volumes.all();
  }

  public Volume volume(String reference) {
    return volumes.shown(references.volume(reference));
  }

  /** In one line why a volume in use cannot be written any more and what to do, or null. */
  public String problem(String volumeId) {
    Volume volume = references.findVolume(volumeId);
    return volume == null ? null : maps.problem(volume.number());
  }

  /** Grows a volume, mounted or not; smaller than it is answers CONFLICT. */
  public Volume resizeVolume(String reference, long sizeBytes) throws IOException {
    return volumes.resize(reference, sizeBytes);
  }

  public Volume renameVolume(String reference, String name) throws IOException {
    return volumes.rename(reference, name);
  }

  /** Deletes a volume that nobody has open; its snapshots stay. */
  public void deleteVolume(String reference) throws IOException {
    volumes.delete(reference);
  }

  /** Takes a snapshot, and returns when it is completed. */
  public Snapshot createSnapshot(
      String volume, String name, String description, Map<String, String> tags) throws IOException {
    return snapshots.create(request(volume, name, description, tags));
  }

  /** Asks for a snapshot, and returns once the request is durable; the rest goes on by itself. */
  public Snapshot requestSnapshot(
      String volume, String name, String description, Map<String, String> tags) throws IOException {
    return snapshots.request(request(volume, name, description, tags));
  }

  /** The snapshots of a volume, or of all with null; oldest first, in every state. */
  public List<Snapshot> snapshots(String volume) {
    return volume == null ? snapshotRows.all() : references.snapshotsOf(volume);
  }

  public Snapshot snapshot(String reference) {
    return references.snapshot(reference);
  }

  /** Who reads a snapshot now; its deletion waits for them. */
  public List<String> readers(Snapshot snapshot) {
    return snapshots.readers(snapshot.number());
  }

  /**
   * Deletes all of them or, when a reference is wrong or one is still being taken, none. Each
   * answer with state deleting waits for a reader to leave; the others are gone.
   */
  public List<Snapshot> deleteSnapshots(List<String> references) throws IOException {
    Map<Long, Snapshot> meant = new LinkedHashMap<>();
    for (String reference : references) {
      Snapshot snapshot = this.references.snapshot(reference);
      meant.put(snapshot.number(), snapshot);
    }
    snapshots.delete(meant.values());
    List<Snapshot> answers = new ArrayList<>();
    for (Snapshot before : meant.values()) {
      Snapshot after = snapshotRows.find(before.number());
      answers.add(after == null ? before : after);
    }
    return answers;
  }

  /** Tells what has changed from a snapshot to a snapshot or to a volume of this moment. */
  public void diff(String fromSnapshot, String toSnapshotOrVolume, TreeDiff.Visitor visitor)
      throws IOException {
    withBoth(
        fromSnapshot,
        toSnapshotOrVolume,
        (from, before, toVolumeNumber, toKind, after) ->
            compare(from, before, toVolumeNumber, after, visitor));
  }

  /** Tells the ranges of a disk in which it may differ; both sides are of block volumes. */
  public void diffBlocks(String fromSnapshot, String toSnapshotOrVolume, DiskDiff.Visitor visitor)
      throws IOException {
    withBoth(
        fromSnapshot,
        toSnapshotOrVolume,
        (from, before, toVolumeNumber, toKind, after) -> {
          DiskBlocks.requireDisk(from.kind(), from.described());
          DiskBlocks.requireDisk(toKind, "'" + toSnapshotOrVolume + "'");
          DiskDiff.run(before, after, visitor);
        });
  }

  /** What is done with the two sides of a comparison. */
  private interface Comparison {
    void run(
        Snapshot from, FrozenMap before, long toVolumeNumber, VolumeKind toKind, FrozenMap after)
        throws IOException;
  }

  private void withBoth(String fromSnapshot, String toSnapshotOrVolume, Comparison comparison)
      throws IOException {
    Snapshot from = references.snapshot(fromSnapshot);
    Volume toVolume = references.findVolume(toSnapshotOrVolume);
    Snapshot toSnapshot = references.findSnapshot(toSnapshotOrVolume);
    if (toVolume != null && toSnapshot != null) {
      throw FirnException.conflict(
          "'%s' is a volume and a snapshot: say %s or %s",
          toSnapshotOrVolume, toVolume.id(), toSnapshot.id());
    }
    if (toVolume == null && toSnapshot == null) {
      throw FirnException.notFound(
          "'%s' is no snapshot and no volume: 'firn snapshot list' shows what there is",
          SnapshotNames.printable(toSnapshotOrVolume));
    }
    try (SnapshotLease before = snapshots.lease(from.number(), "a comparison")) {
      if (toVolume != null) {
        try (Volumes.FrozenHead after = volumes.freeze(toVolume)) {
          comparison.run(from, before.map(), toVolume.number(), toVolume.kind(), after.map());
        }
        return;
      }
      try (SnapshotLease after = snapshots.lease(toSnapshot.number(), "a comparison")) {
        comparison.run(
            from, before.map(), toSnapshot.volumeNumber(), toSnapshot.kind(), after.map());
      }
    }
  }

  /** Makes a volume that nobody has open what it was; answers the snapshot of what it is. */
  public Snapshot rollback(String volume, String snapshot) throws IOException {
    Snapshot target = references.snapshot(snapshot);
    return volumes.rollback(
        volume,
        row -> {
          if (target.volumeNumber() != row.number()) {
            throw FirnException.conflict(
                "snapshot '%s' is not of volume '%s': make a volume from it instead",
                target.nameOrId(), row.name());
          }
          String name = rollbackName(row);
          String description = "What the volume was before it went back to " + target.nameOrId();
          return snapshots.rollback(
              new SnapshotRequest(row.number(), name, description, Map.of()), target.number());
        });
  }

  /** The live volume joined with {@code .snapshots}; it is in use until closed. */
  public SnapshotView openVolume(String reference, boolean showSnapshots) throws IOException {
    return volumes.open(reference, showSnapshots);
  }

  /** A snapshot's tree, read-only; its deletion waits until closed. */
  public FileSystem openSnapshot(String reference) throws IOException {
    return openSnapshot(reference, "a reader");
  }

  /**
   * As the other.
   *
   * @param reader what it is for, as {@link #readers} says it, like {@code an export}
   */
  public FileSystem openSnapshot(String reference, String reader) throws IOException {
    SnapshotLease lease = snapshots.lease(references.snapshot(reference).number(), reader);
    FrozenFileSystem files = null;
    try {
      files =
          new FrozenFileSystem(
              lease.map(), lease.snapshot().sizeBytes(), lease.snapshot().described(), lease);
      return files;
    } finally {
      if (files == null) {
        lease.close();
      }
    }
  }

  /** The disks of snapshots, block by block. */
  public DiskBlocks blocks() {
    return blocks;
  }

  /** What keeps the home in order: space, verification. */
  public Upkeep upkeep() {
    return upkeep;
  }

  public List<MountRecord> mounts() {
    return mountRows.all();
  }

  /** Where something was mounted before this start that has gone since. */
  public List<Path> obsoleteMounts() {
    return List.copyOf(obsoleteMounts);
  }

  /** Keeps a wanted mount, instead of an earlier one with the same directory. */
  public void saveMount(MountRecord mount) {
    mountRows.save(mount);
  }

  /** Forgets the wanted mount of a directory, if there is one. */
  public void removeMount(Path directory) {
    mountRows.remove(directory);
  }

  /** The volumes that are wanted as devices. */
  public List<AttachmentRecord> attachments() {
    return attachmentRows.all();
  }

  /** Keeps a wanted attachment, instead of an earlier one of the same volume. */
  public void saveAttachment(AttachmentRecord attachment) {
    attachmentRows.save(attachment);
  }

  /** Forgets the wanted attachment of a volume, if there is one. */
  public void removeAttachment(String volumeId) {
    attachmentRows.remove(volumeId);
  }

  /** Starts a snapshot from elsewhere. */
  public SnapshotImport beginImport(ImportRequest request) throws IOException {
    check(request);
    return begin(request, new RegionImport.Empty(maps, importOptions(), request, clock));
  }

  /**
   * Starts a snapshot of a disk from elsewhere. The disk is there already: a hole, or what it was
   * in a snapshot of this home.
   *
   * @param parentSnapshot a reference, or null
   */
  public SnapshotImport beginDisk(ImportRequest request, String parentSnapshot) throws IOException {
    check(request);
    DiskBlocks.requireDisk(request.kind(), "what is imported");
    if (parentSnapshot == null) {
      return begin(request, new EmptyDisk(maps, importOptions(), request, home.owner(), clock));
    }
    Snapshot parent = references.snapshot(parentSnapshot);
    DiskBlocks.requireDisk(parent.kind(), parent.described());
    if (request.volumeSizeBytes() < parent.sizeBytes()) {
      throw FirnException.usage(
          "a disk of %d bytes is smaller than %s, which has %d",
          request.volumeSizeBytes(), parent.described(), parent.sizeBytes());
    }
    try (SnapshotLease lease = snapshots.lease(parent.number(), "an import")) {
      return begin(request, new DiskOf(maps, importOptions(), request, lease.map(), clock));
    }
  }

  private record EmptyDisk(
      MapPool maps,
      MapStore.VolumeOptions options,
      ImportRequest request,
      SetAttributes owner,
      Clock clock)
      implements RegionImport.Beginning {
    @Override
    public MapPool.Use map(long volumeNumber) throws IOException {
      return maps.create(volumeNumber, options);
    }

    @Override
    public VolumeFileSystem files(VolumeMap map) throws IOException {
      VolumeFileSystem files = VolumeFileSystem.createDisk(map, request.volumeSizeBytes(), clock);
      files.setAttributes(FileSystem.ROOT_INODE, owner);
      files.setAttributes(files.lookup(FileSystem.ROOT_INODE, Disk.name()).inode(), owner);
      return files;
    }
  }

  private record DiskOf(
      MapPool maps,
      MapStore.VolumeOptions options,
      ImportRequest request,
      FrozenMap source,
      Clock clock)
      implements RegionImport.Beginning {
    @Override
    public MapPool.Use map(long volumeNumber) throws IOException {
      return maps.createFrom(volumeNumber, options, source);
    }

    @Override
    public VolumeFileSystem files(VolumeMap map) throws IOException {
      return VolumeFileSystem.open(map, request.volumeSizeBytes(), clock);
    }
  }

  private static void check(ImportRequest request) {
    if (request.name() != null) {
      SnapshotNames.check(request.name());
    }
    if (request.sourceVolumeName() != null) {
      Checks.name("source volume", request.sourceVolumeName());
    }
    Checks.volumeSize(request.kind(), request.volumeSizeBytes());
    Checks.description(request.description() == null ? "" : request.description());
    Checks.tags(request.tags());
  }

  private MapStore.VolumeOptions importOptions() {
    return new MapStore.VolumeOptions(
        Checks.subregion(null, info.subregions()), Checks.compression(null));
  }

  private SnapshotImport begin(ImportRequest request, RegionImport.Beginning beginning)
      throws IOException {
    RegionImport begun =
        new RegionImport(importRows, maps, beginning, request, clock, imports::remove);
    imports.add(begun);
    return begun;
  }

  /** Finishes what runs, closes what is open, and lets the home go. */
  @Override
  public synchronized void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    // Imports that were not published are discarded before the rest goes.
    List<Closeable> all = new ArrayList<>();
    all.add(reclaimer);
    all.addAll(imports);
    all.add(volumes::closeAll);
    all.add(snapshots);
    all.add(store);
    all.add(catalog);
    all.add(home);
    closeAll(all.toArray(Closeable[]::new));
  }

  private static Catalog openCatalog(Home home) throws IOException {
    // Of an empty file, too, SQLite would make a fresh catalog.
    if (!Files.exists(home.catalog()) || Files.size(home.catalog()) == 0) {
      requireEmptyStore(home);
    }
    return Catalog.open(home.catalog());
  }

  /**
   * A catalog without volumes over a store that has some would hide them, and lose them in time.
   */
  private static void requireEmptyStore(Home home) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(home.store())) {
      if (entries.iterator().hasNext()) {
        throw FirnException.corrupt(
            "home %s has a store but no catalog.db, or an empty one: %s",
            home.directory(), Catalog.REMEDY);
      }
    }
  }

  private void recover() throws IOException {
    for (long volumeNumber : importRows.all()) {
      maps.delete(volumeNumber);
      importRows.remove(volumeNumber);
    }
    snapshots.recover();
    volumes.recover();
    for (MountRecord mount : mountRows.all()) {
      String target = mount.targetId();
      if (references.findVolume(target) == null && snapshotRows.by("id", target).isEmpty()) {
        LOG.info("{} will not be mounted again: {} is gone", mount.directory(), target);
        mountRows.remove(mount.directory());
        obsoleteMounts.add(mount.directory());
      }
    }
    for (long volumeNumber : maps.list()) {
      if (!snapshotRows.volumeExists(volumeNumber) && snapshotRows.countOfMap(volumeNumber) == 0) {
        LOG.warn("The catalog does not know map {}: it is left alone", volumeNumber);
      }
    }
  }

  /** By the time; a clock that went back may bring the same one again. */
  private String rollbackName(Volume row) {
    String byTime = ROLLBACK_NAME.format(clock.instant());
    String name = byTime;
    for (int i = 2; references.hasSnapshot(row, name); i++) {
      name = byTime + "-" + i;
    }
    return name;
  }

  private SnapshotRequest request(
      String volume, String name, String description, Map<String, String> tags) {
    String text = description == null ? "" : description;
    Map<String, String> labels = tags == null ? Map.of() : tags;
    Checks.description(text);
    Checks.tags(labels);
    return new SnapshotRequest(references.volume(volume).number(), name, text, labels);
  }

  private static void compare(
      Snapshot from,
      FrozenMap before,
      long toVolumeNumber,
      FrozenMap after,
      TreeDiff.Visitor visitor)
      throws IOException {
    if (from.volumeNumber() == toVolumeNumber) {
      TreeDiff.ofOneVolume(before, after, visitor);
    } else {
      TreeDiff.byPath(before, after, visitor);
    }
  }

  /** Closes in this order, all of them whatever fails; null is none. */
  private static void closeAll(Closeable... all) throws IOException {
    Throwable failure = null;
    for (Closeable each : all) {
      try {
        if (each != null) {
          each.close();
        }
      } catch (IOException | RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (failure instanceof IOException io) {
      throw io;
    }
  }
}
