package dev.firn.region;

import dev.firn.base.FirnException;
import dev.firn.map.FrozenMap;
import dev.firn.map.MapStore;
import dev.firn.snapshot.ClientToken;
import dev.firn.snapshot.CopyRequest;
import dev.firn.snapshot.MapPool;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotLease;
import dev.firn.snapshot.SnapshotManager;
import dev.firn.snapshot.SnapshotNames;
import dev.firn.snapshot.SnapshotRequest;
import dev.firn.snapshot.SnapshotState;
import dev.firn.snapshot.SnapshotView;
import dev.firn.snapshot.TreeDelta;
import dev.firn.snapshot.TreeDiff;
import dev.firn.vfs.DiskDiff;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.FrozenFileSystem;
import dev.firn.vfs.VolumeKind;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
  private final PermissionRows permissionRows;
  private final TagRows tagRows;
  private final Accounts accounts;
  private final Imports imports;
  private final CloudRows cloudRows;
  private final ImageRows imageRows;
  private final Object[] tokens;
  private final ApiLogs apiLogs;
  private final CatalogCopy copy;
  private final SecretBox secrets;
  private final ExportTaskRows exportTaskRows;
  private final RemoteImportRows remoteImportRows;
  private final RegionCopyRows regionCopyRows;

  /** The snapshot that waits for the content of what is imported here; null: each is a new one. */
  private final Snapshot filled;

  /** Whether this is the home of one account, and the whole is another object. */
  private final boolean isView;

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
    this.permissionRows = new PermissionRows(catalog);
    this.tagRows = new TagRows(catalog);
    this.copy = new CatalogCopy(catalog, home.catalogCopy());
    this.secrets = new SecretBox(home.secretKey());
    this.accounts = new Accounts(catalog, secrets, clock, copy);
    this.references =
        new References(volumeRows, snapshotRows, permissionRows, Snapshot.OWNER_ACCOUNT_ID, true);
    this.cloudRows = new CloudRows(catalog, clock);
    this.imageRows = new ImageRows(catalog, clock);
    this.tokens = Cloud.newLocks();
    this.apiLogs = new ApiLogs(catalog, clock);
    this.exportTaskRows = new ExportTaskRows(catalog, clock);
    this.remoteImportRows = new RemoteImportRows(catalog, clock);
    this.regionCopyRows = new RegionCopyRows(catalog, clock);
    this.filled = null;
    this.isView = false;
    this.snapshots = new SnapshotManager(snapshotRows, maps);
    this.imports = new Imports(home, importRows, maps, snapshots, info.subregions(), copy, clock);
    catalog.onFullDisk(this::makeRoom);
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
            importRows,
            references,
            volumes,
            reclaimer,
            clock);
  }

  private Region(Region whole, String accountId, Snapshot filled) {
    this.home = whole.home;
    this.catalog = whole.catalog;
    this.info = whole.info;
    this.store = whole.store;
    this.clock = whole.clock;
    this.maps = whole.maps;
    this.volumeRows = whole.volumeRows;
    this.snapshotRows = whole.snapshotRows;
    this.mountRows = whole.mountRows;
    this.attachmentRows = whole.attachmentRows;
    this.importRows = whole.importRows;
    this.permissionRows = whole.permissionRows;
    this.tagRows = whole.tagRows;
    this.copy = whole.copy;
    this.accounts = whole.accounts;
    this.references = whole.references.of(accountId);
    this.snapshots = whole.snapshots;
    this.blocks = new DiskBlocks(references, snapshots);
    this.volumes = whole.volumes;
    this.reclaimer = whole.reclaimer;
    this.upkeep = whole.upkeep;
    this.imports = whole.imports;
    this.cloudRows = whole.cloudRows;
    this.imageRows = whole.imageRows;
    this.tokens = whole.tokens;
    this.apiLogs = whole.apiLogs;
    this.secrets = whole.secrets;
    this.exportTaskRows = whole.exportTaskRows;
    this.remoteImportRows = whole.remoteImportRows;
    this.regionCopyRows = whole.regionCopyRows;
    this.filled = filled;
    this.isView = true;
  }

  /**
   * The same home as an account sees it: it finds what the account owns and what is shared with it,
   * changes only what it owns, and what it makes belongs to it. Every entrance that speaks for an
   * account goes through such a view. Closing it closes nothing.
   *
   * @throws FirnException NOT_FOUND if there is no such account
   */
  public Region as(String accountId) {
    return new Region(this, accounts.account(accountId).id(), null);
  }

  /** The view of a snapshot's owner in which what is imported becomes the snapshot's content. */
  Region filling(Snapshot snapshot) {
    return new Region(this, accounts.account(snapshot.accountId()).id(), snapshot);
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
    return open(directory, clock, () -> {});
  }

  /**
   * As the others.
   *
   * @param step run before and after each transaction of the catalog, so that a test sees whatever
   *     a crash can leave
   */
  static Region open(Path directory, Clock clock, Runnable step) throws IOException {
    Home home = Home.open(directory);
    Catalog catalog = null;
    MapStore store = null;
    boolean opened = false;
    try {
      catalog = openCatalog(home);
      catalog.onStep(step);
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
    return createVolume(request, VolumeOffer.STANDARD, null);
  }

  /**
   * As the other, as something that the API offers.
   *
   * @param token kept in the same step; null: none
   */
  public Volume createVolume(VolumeRequest request, VolumeOffer offer, ClientToken token)
      throws IOException {
    Snapshot source =
        request.sourceSnapshot() == null ? null : references.snapshot(request.sourceSnapshot());
    Volume made = volumes.create(accountId(), request, source, offer, token);
    if (!offer.equals(VolumeOffer.STANDARD)) {
      copy.update();
    }
    return made;
  }

  /** The account that what is made here belongs to. */
  public String accountId() {
    return references.accountId();
  }

  /** The accounts of the home. */
  public Accounts accounts() {
    return accounts;
  }

  /** What the API keeps beside volumes and snapshots. */
  public Cloud cloud() {
    return new Cloud(this, cloudRows, tokens, copy);
  }

  /** The machine images. */
  public Images images() {
    return new Images(this, imageRows, permissionRows, copy);
  }

  /** The exports to buckets. */
  public ExportTasks exportTasks() {
    return new ExportTasks(this, exportTaskRows, secrets);
  }

  /** The snapshots that come from URLs. */
  public RemoteImports remoteImports() {
    return new RemoteImports(this, remoteImportRows, secrets);
  }

  /** Which snapshots other Regions have. */
  public RegionCopies regionCopies() {
    return new RegionCopies(this, regionCopyRows);
  }

  /** The calls of the API. */
  public ApiLogs apiLogs() {
    return apiLogs;
  }

  /** All volumes, oldest first. */
  public List<Volume> volumes() {
    return isView ? volumes.of(accountId()) : volumes.all();
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
    return volumes.resize(references.volume(reference).id(), sizeBytes);
  }

  public Volume renameVolume(String reference, String name) throws IOException {
    return volumes.rename(references.volume(reference).id(), name);
  }

  /** Deletes a volume that nobody has open; its snapshots stay. */
  public void deleteVolume(String reference) throws IOException {
    volumes.delete(references.volume(reference).id());
  }

  /** Takes a snapshot, and returns when it is completed. */
  public Snapshot createSnapshot(
      String volume, String name, String description, Map<String, String> tags) throws IOException {
    return copied(snapshots.create(request(volume, name, description, tags, null)));
  }

  /** Asks for a snapshot, and returns once the request is durable; the rest goes on by itself. */
  public Snapshot requestSnapshot(
      String volume, String name, String description, Map<String, String> tags) throws IOException {
    return requestSnapshot(volume, name, description, tags, null);
  }

  /**
   * As the other.
   *
   * @param token kept in the same step; null: none
   */
  public Snapshot requestSnapshot(
      String volume, String name, String description, Map<String, String> tags, ClientToken token)
      throws IOException {
    return copied(snapshots.request(request(volume, name, description, tags, token)));
  }

  /** Those without tags are said as they are by their roots. */
  private Snapshot copied(Snapshot made) {
    if (!made.tags().isEmpty()) {
      copy.update();
    }
    return made;
  }

  /** The snapshots of a volume, or of all with null; oldest first, in every state. */
  public List<Snapshot> snapshots(String volume) {
    return volume == null ? references.all() : references.snapshotsOf(volume);
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
      Snapshot snapshot = this.references.ownSnapshot(reference);
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

  /**
   * Copies a snapshot that the account owns or may use: the copy is the account's own, has no
   * permissions and no tags, and outlives its source. No data is copied.
   *
   * @param name null: none
   * @param description null: none
   */
  public Snapshot copySnapshot(String reference, String name, String description)
      throws IOException {
    return copySnapshot(reference, name, description, null);
  }

  /**
   * As the other.
   *
   * @param token kept in the same step; null: none
   */
  public Snapshot copySnapshot(String reference, String name, String description, ClientToken token)
      throws IOException {
    Snapshot source = references.snapshot(reference);
    if (name != null) {
      SnapshotNames.check(name);
    }
    String text = description == null ? "" : description;
    Checks.description(text);
    return snapshots.copy(new CopyRequest(source.number(), name, text, accountId(), token));
  }

  /**
   * A snapshot that an image of the account's may hold on to: its own, or a copy, so that it is in
   * nobody else's way. What the image is made of may be seen by then.
   */
  String forImage(String snapshotId) throws IOException {
    Snapshot found = snapshotRows.by("id", snapshotId).get(0);
    if (found.accountId().equals(accountId())) {
      return found.id();
    }
    String description = "Of an image; a copy of " + found.id();
    return snapshots
        .copy(new CopyRequest(found.number(), null, description, accountId(), null))
        .id();
  }

  /** Who may use a snapshot; NOT_PERMITTED unless it is the account's own. */
  public Permissions permissions(String snapshotReference) {
    return permissionRows.of(references.ownSnapshot(snapshotReference).id());
  }

  /** Those of snapshots or images which the account has found already, by their ids. */
  public Map<String, Permissions> permissionsOf(Collection<String> resourceIds) {
    return permissionRows.of(resourceIds);
  }

  /** Lets others use a snapshot: to make volumes and images of it, and to copy it. */
  public Snapshot shareSnapshot(String reference, Permissions added) {
    Snapshot snapshot = references.ownSnapshot(reference);
    requireAccounts(added);
    permissionRows.add(snapshot.id(), added);
    copy.update();
    return snapshot;
  }

  /** Ends that; what they made of it meanwhile stays theirs. */
  public Snapshot unshareSnapshot(String reference, Permissions removed) {
    Snapshot snapshot = references.ownSnapshot(reference);
    permissionRows.remove(snapshot.id(), removed);
    copy.update();
    return snapshot;
  }

  /**
   * Sets tags of things that the account owns: of all or, when one is refused, of none. A tag that
   * is there gets the new value.
   *
   * @param resources volumes and snapshots, as users call them
   */
  public void setTags(List<String> resources, Map<String, String> tags) {
    List<String> ids = resources.stream().map(this::ownId).distinct().toList();
    tagRows.set(accountId(), ids, tags);
    describe(ids);
    copy.update();
  }

  /** NOT_FOUND or NOT_PERMITTED unless all are things that the account owns. */
  public void requireOwn(List<String> resources) {
    resources.forEach(this::ownId);
  }

  /**
   * Takes tags away.
   *
   * @param tags by key; with a value that is not null only a tag that has it
   */
  public void removeTags(List<String> resources, Map<String, String> tags) {
    List<String> ids = resources.stream().map(this::ownId).distinct().toList();
    tagRows.remove(ids, tags);
    describe(ids);
    copy.update();
  }

  /** All tags of the account in the order of ids and keys, behind one of them. */
  public List<Tag> tags(String afterResource, String afterKey, int limit) {
    return tagRows.all(accountId(), afterResource, afterKey, limit);
  }

  /** The snapshots that the account may see, oldest first, from behind a number on. */
  public List<Snapshot> snapshotsAfter(long number, int limit) {
    return snapshotRows.visible(accountId(), number, limit);
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
        references.volume(volume).id(),
        row -> {
          if (target.volumeNumber() != row.number()) {
            throw FirnException.conflict(
                "snapshot '%s' is not of volume '%s': make a volume from it instead",
                target.nameOrId(), row.name());
          }
          String name = rollbackName(row);
          String description = "What the volume was before it went back to " + target.nameOrId();
          return snapshots.rollback(
              new SnapshotRequest(row.number(), name, description, Map.of(), null),
              target.number());
        });
  }

  /** The live volume joined with {@code .snapshots}; it is in use until closed. */
  public SnapshotView openVolume(String reference, boolean showSnapshots) throws IOException {
    return volumes.open(references.volume(reference).id(), showSnapshots);
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

  /** The maps in use. */
  MapPool maps() {
    return maps;
  }

  /**
   * The account's completed snapshot that was first taken with this id at this time, here or
   * elsewhere; null if there is none. Of several, which then are equal, the oldest here. Those that
   * others share are none: what an import says of itself may be made up.
   */
  public Snapshot findOrigin(String originId, Instant createdAt) {
    return snapshotRows.by("origin_id", originId).stream()
        .filter(row -> row.state() == SnapshotState.COMPLETED)
        .filter(row -> row.accountId().equals(accountId()))
        .filter(row -> row.createdAt().equals(createdAt.truncatedTo(ChronoUnit.MILLIS)))
        .findFirst()
        .orElse(null);
  }

  /** All that makes one snapshot's tree of another's. */
  public TreeDelta delta(String before, String after) throws IOException {
    try (SnapshotLease old = snapshots.lease(references.snapshot(before).number(), "a comparison");
        SnapshotLease now = snapshots.lease(references.snapshot(after).number(), "a comparison")) {
      return TreeDelta.between(old.map(), now.map());
    }
  }

  /** Starts a snapshot from elsewhere. */
  public SnapshotImport beginImport(ImportRequest request) throws IOException {
    return beginImport(request, null);
  }

  /**
   * Starts a snapshot from elsewhere that is a change of one that is here.
   *
   * @param base its id; null: it starts empty
   */
  public SnapshotImport beginImport(ImportRequest request, String base) throws IOException {
    return imports.begin(recipient(), request, base);
  }

  private Imports.Recipient recipient() {
    return new Imports.Recipient(references, filled);
  }

  /**
   * Starts a snapshot from elsewhere of which something is kept when it is interrupted, or goes on
   * with what was kept.
   *
   * @param base as for {@link #beginImport(ImportRequest, String)}
   * @param identity what is imported: the same again is gone on with
   * @throws FirnException of kind CONFLICT while the same is being imported
   */
  public SnapshotImport beginKeptImport(ImportRequest request, String base, String identity)
      throws IOException {
    return imports.beginKept(recipient(), request, base, identity);
  }

  /** Removes what this account's imports that were interrupted have kept; answers how many. */
  public int discardKeptImports() throws IOException {
    return imports.discardKept(accountId());
  }

  /**
   * Starts a snapshot of a disk from elsewhere. The disk is there already: a hole, or what it was
   * in a snapshot of this home.
   *
   * @param parentSnapshot a reference, or null
   */
  public SnapshotImport beginDisk(ImportRequest request, String parentSnapshot) throws IOException {
    return imports.beginDisk(recipient(), request, parentSnapshot);
  }

  /** Finishes what runs, closes what is open, and lets the home go. */
  @Override
  public synchronized void close() throws IOException {
    if (closed || isView) {
      return;
    }
    closed = true;
    // Imports that were not published are discarded before the rest goes.
    List<Closeable> all = new ArrayList<>();
    all.add(reclaimer);
    all.addAll(imports.running());
    all.add(volumes::closeAll);
    all.add(apiLogs);
    all.add(snapshots);
    all.add(store);
    all.add(catalog);
    all.add(home);
    closeAll(all.toArray(Closeable[]::new));
  }

  private boolean makeRoom() {
    try {
      return store.giveUpReserves(info.subregions());
    } catch (IOException e) {
      LOG.warn("No room can be made for the catalog", e);
      return false;
    }
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
    imports.recover();
    snapshots.recover();
    volumes.recover();
    cloud().recover();
    copy.update();
    for (MountRecord mount : mountRows.all()) {
      String target = mount.targetId();
      if (references.findVolume(target) == null && snapshotRows.by("id", target).isEmpty()) {
        LOG.info("{} will not be mounted again: {} is gone", mount.directory(), target);
        mountRows.remove(mount.directory());
        obsoleteMounts.add(mount.directory());
      }
    }
    for (long volumeNumber : maps.list()) {
      if (!snapshotRows.volumeExists(volumeNumber)
          && snapshotRows.countOfMap(volumeNumber) == 0
          && !importRows.exists(volumeNumber)) {
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

  /** The id of a volume, snapshot or image that the account owns. */
  private String ownId(String reference) {
    if (Image.isId(reference)) {
      return images().own(reference).id();
    }
    if (ExportTasks.isId(reference)) {
      return exportTasks().task(reference).id();
    }
    Volume volume = references.findVolume(reference);
    Snapshot snapshot = references.findSnapshot(reference);
    if (volume != null && snapshot != null) {
      throw FirnException.conflict(
          "'%s' is a volume and a snapshot: say %s or %s",
          SnapshotNames.printable(reference), volume.id(), snapshot.id());
    }
    if (volume == null && snapshot == null) {
      throw FirnException.notFound(
              "'%s' is no snapshot and no volume: 'firn snapshot list' and 'firn volume list' show"
                  + " what there is",
              SnapshotNames.printable(reference))
          .because("no-such-resource");
    }
    return volume != null ? volume.id() : references.requireOwn(snapshot).id();
  }

  /** Tells the store what the catalog says now. */
  private void describe(List<String> ids) {
    for (String id : ids) {
      if (Image.isId(id) || ExportTasks.isId(id)) {
        continue;
      }
      Volume volume = references.findVolume(id);
      if (volume != null) {
        volumes.describe(volume);
        continue;
      }
      Snapshot snapshot = references.findSnapshot(id);
      if (snapshot != null && snapshot.state() == SnapshotState.COMPLETED) {
        snapshots.describe(snapshot.number());
      }
    }
  }

  private void requireAccounts(Permissions permissions) {
    permissions.accountIds().forEach(accounts::account);
  }

  private SnapshotRequest request(
      String volume, String name, String description, Map<String, String> tags, ClientToken token) {
    String text = description == null ? "" : description;
    Map<String, String> labels = tags == null ? Map.of() : tags;
    Checks.description(text);
    Checks.tags(labels);
    return new SnapshotRequest(references.volume(volume).number(), name, text, labels, token);
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
