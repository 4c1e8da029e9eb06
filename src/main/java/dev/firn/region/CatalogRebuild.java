package dev.firn.region;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
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
import dev.firn.vfs.Disk;
import dev.firn.vfs.VolumeFileSystem;
import dev.firn.vfs.VolumeKind;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a home's catalog anew from its store: each block map says of which volume it is, and each
 * frozen root of which snapshot. The new catalog takes the old one's place when it is complete, and
 * the old one is kept beside it. For one thread, while nobody has the home.
 *
 * <p>What neither of them says comes from the old catalog if that can still be read, else from
 * {@link CatalogCopy}: the Region and its Subregions, accounts and quotas, permissions, images,
 * types of volumes. What is in no other place is then lost: access keys and passwords, clients'
 * tokens, tasks, mounts that a start would bring back. So are, in any case, snapshots that failed,
 * and logs of calls; snapshots on their way out are completed again.
 */
final class CatalogRebuild {
  private static final Logger LOG = LoggerFactory.getLogger(CatalogRebuild.class);
  private static final String FALLBACK_REGION = "local-1";
  private static final long FALLBACK_SIZE_BYTES = Sizes.GIB;
  private static final DateTimeFormatter SUFFIX =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss.SSS'Z'").withZone(ZoneOffset.UTC);

  /** What only a catalog knows, and a readable one still tells; in the order of references. */
  private static final List<String> KEPT_TABLES =
      List.of(
          "accounts",
          "access_keys",
          "logins",
          "quotas",
          "client_tokens",
          "volume_update_tasks",
          "export_tasks",
          "region_copies",
          "attachments",
          "mounts",
          "devices");

  private final Home home;
  private final Clock clock;
  private final Map<String, List<Map<String, Object>>> kept = new LinkedHashMap<>();
  private final Map<String, JsonNode> said = new TreeMap<>();
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
        for (String table : KEPT_TABLES) {
          keep(old, table, "");
        }
        // Those of other things are said with them.
        keep(old, "tags", " WHERE resource_id IN (SELECT id FROM export_tasks)");
        said.putAll(old.transact(CatalogThings::all));
        if (rows.name() != null) {
          return new RegionInfo(rows.name(), rows.subregions(), home.directory());
        }
      } catch (FirnException e) {
        if (e.kind() != ErrorKind.CORRUPT) {
          // A newer one, say: not damaged, and not to be replaced by an older one.
          throw e;
        }
        LOG.info("The old catalog cannot be read", e);
        kept.clear();
        said.clear();
        notes.add("the old catalog cannot be read");
      }
    }
    said.putAll(CatalogCopy.read(home.catalogCopy(), notes::add));
    notes.add(
        "access keys and passwords are only in the catalog that is lost: make them anew"
            + " ('firn key create', 'firn account login')");
    JsonNode region = said.get(CatalogThings.REGION);
    if (region != null) {
      return new RegionInfo(
          region.required("name").asText(),
          CatalogThings.texts(region.required("subregions")),
          home.directory());
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

  private void keep(Catalog old, String table, String which) {
    String query = "SELECT * FROM " + table + which;
    kept.put(table, old.transact(handle -> handle.createQuery(query).mapToMap().list()));
  }

  /** What is said of a thing beside the store. */
  private JsonNode said(String id) {
    return said.getOrDefault(id, MissingNode.getInstance());
  }

  private void read(MapStore store, long number) throws IOException {
    MapStore.Identity identity = store.identity(number);
    List<Snapshot> found = new ArrayList<>();
    long usedBytes = 0;
    VolumeKind kind = null;
    long diskBytes = -1;
    boolean whole = false;
    try (VolumeMap map = store.open(number)) {
      for (VolumeMap.FrozenRoot root : map.frozenRoots()) {
        if (!KeptImports.isRoot(root.metadata())) {
          found.add(snapshot(map, root));
        }
      }
      try (FrozenMap head = map.freeze()) {
        usedBytes = VolumeFileSystem.usedBytes(head);
        kind = VolumeFileSystem.kind(head);
        diskBytes = Disk.sizeBytes(head);
      }
      whole = true;
    } catch (CorruptDataException e) {
      notes.add("map " + number + " cannot be read whole: " + e.getMessage());
    }
    Volume volume = volume(identity, found, kind, Math.max(usedBytes, diskBytes));
    if (whole && volume == null && found.isEmpty()) {
      notes.add("map " + number + ", of an import that did not end, was removed");
      store.delete(number);
    }
    if (volume != null) {
      String name = volume.name();
      for (int i = 2; !volumeNames.add(volume.accountId() + " " + name); i++) {
        name = volume.name() + "-" + i;
      }
      if (!name.equals(volume.name())) {
        notes.add("a second volume '" + volume.name() + "' is called '" + name + "'");
        volume = volume.withName(name);
      }
      ids.add(volume.id());
      volumes.add(CatalogThings.whole(volume, said(volume.id())));
    }
    for (Snapshot each : found) {
      boolean free = each.name() == null || snapshotNames.add(nameKey(each));
      if (!free) {
        notes.add(
            "snapshot " + each.id() + " has no name any more: another has '" + each.name() + "'");
      }
      boolean renamed = volume != null && volume.id().equals(each.volumeId());
      ids.add(each.id());
      Snapshot named =
          each.withNames(free ? each.name() : null, renamed ? volume.name() : each.volumeName());
      snapshots.add(CatalogThings.whole(named, said(named.id())));
    }
  }

  private Snapshot snapshot(VolumeMap map, VolumeMap.FrozenRoot root) throws IOException {
    try {
      return SnapshotMetadata.decode(root.metadata(), root.number(), map.number());
    } catch (CorruptDataException e) {
      notes.add(e.getMessage());
      long diskBytes = -1;
      try (FrozenMap frozen = map.frozen(root.number())) {
        if (frozen != null) {
          diskBytes = Disk.sizeBytes(frozen);
        }
      }
      String fresh = Ids.fresh("snap", id -> !ids.contains(id));
      return new Snapshot(
          fresh,
          root.number(),
          null,
          map.number(),
          Snapshot.NO_VOLUME_ID,
          "",
          diskBytes < 0 ? VolumeKind.FILESYSTEM : VolumeKind.BLOCK,
          SnapshotState.COMPLETED,
          100,
          "",
          diskBytes < 0 ? FALLBACK_SIZE_BYTES : diskBytes,
          clock.instant().truncatedTo(ChronoUnit.MILLIS),
          Map.of(),
          null,
          Snapshot.OWNER_ACCOUNT_ID,
          fresh);
    }
  }

  /** Null if the map is there for its snapshots alone. */
  private Volume volume(
      MapStore.Identity identity, List<Snapshot> found, VolumeKind kind, long sizeBytesMin) {
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
    List<Snapshot> taken =
        found.stream().filter(each -> !each.volumeId().equals(Snapshot.NO_VOLUME_ID)).toList();
    boolean imported = !found.isEmpty() && taken.isEmpty();
    Snapshot newest = taken.isEmpty() ? null : taken.get(taken.size() - 1);
    if (imported || kind == null) {
      return null;
    }
    long sizeBytes = newest == null ? FALLBACK_SIZE_BYTES : newest.sizeBytes();
    if (kind == VolumeKind.BLOCK) {
      sizeBytes = sizeBytesMin;
    }
    while (sizeBytes < sizeBytesMin) {
      sizeBytes *= 2;
    }
    Volume volume =
        new Volume(
            newest == null ? Ids.fresh("vol", id -> !ids.contains(id)) : newest.volumeId(),
            identity.number(),
            newest == null ? "volume-" + identity.number() : newest.volumeName(),
            kind,
            sizeBytes,
            VolumeState.AVAILABLE,
            identity.options().compression(),
            identity.options().placement(),
            null,
            newest == null ? clock.instant().truncatedTo(ChronoUnit.MILLIS) : newest.createdAt(),
            newest == null ? Snapshot.OWNER_ACCOUNT_ID : newest.accountId(),
            Map.of());
    notes.add(
        String.format(
            "volume '%s' (map %d) does not say what it was: its name and size may have been others",
            volume.name(), identity.number()));
    return volume;
  }

  private static String nameKey(Snapshot snapshot) {
    return snapshot.accountId() + " " + snapshot.volumeId() + "@" + snapshot.name();
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
            kept.forEach((table, rows) -> insert(handle, table, rows));
            said.forEach(
                (id, what) -> {
                  if (CatalogThings.isAccount(id)) {
                    CatalogThings.restoreAccount(handle, id, what);
                  }
                });
            volumes.forEach(volume -> AccountRows.require(handle, volume.accountId()));
            snapshots.forEach(snapshot -> AccountRows.require(handle, snapshot.accountId()));
            volumes.forEach(volume -> VolumeRows.insert(handle, volume));
            snapshots.forEach(snapshot -> SnapshotRows.insert(handle, snapshot));
            said.forEach((id, what) -> restore(handle, id, what));
            removeOrphans(handle);
            Catalog.raise(handle, "volume", highestVolume);
            Catalog.raise(handle, "snapshot", highestSnapshot);
            return null;
          });
    }
  }

  private void restore(Handle handle, String id, JsonNode what) {
    if (CatalogThings.isImage(id)) {
      String missing = CatalogThings.restoreImage(handle, id, what);
      if (missing != null) {
        notes.add("image " + id + " is left out: its snapshot " + missing + " is not there");
      }
    } else if (ids.contains(id)) {
      CatalogThings.restorePermissions(handle, id, what);
      CatalogThings.restoreOffer(handle, id, what);
    }
  }

  /** An old catalog may know of things that the store has not. */
  private void removeOrphans(Handle handle) {
    for (String table : List.of("attachments", "devices")) {
      handle.execute("DELETE FROM " + table + " WHERE volume_id NOT IN (SELECT id FROM volumes)");
    }
    handle.execute("DELETE FROM region_copies WHERE snapshot_id NOT IN (SELECT id FROM snapshots)");
    Catalog.raise(
        handle,
        "task",
        handle
            .createQuery(
                "SELECT COALESCE(MAX(number), 0) FROM (SELECT number FROM volume_update_tasks"
                    + " UNION SELECT number FROM export_tasks)")
            .mapTo(Long.class)
            .one());
  }

  private static void insert(Handle handle, String table, List<Map<String, Object>> rows) {
    for (Map<String, Object> row : rows) {
      String columns = String.join(", ", row.keySet());
      String values = row.keySet().stream().map(c -> ":" + c).collect(Collectors.joining(", "));
      handle
          .createUpdate(
              "INSERT INTO "
                  + table
                  + " ("
                  + columns
                  + ") VALUES ("
                  + values
                  + ")"
                  + " ON CONFLICT DO NOTHING")
          .bindMap(row)
          .execute();
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
