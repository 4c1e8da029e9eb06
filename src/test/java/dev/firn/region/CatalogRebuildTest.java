package dev.firn.region;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.ErrorKind;
import dev.firn.base.Sizes;
import dev.firn.map.MapStore;
import dev.firn.snapshot.Files;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A home whose catalog is lost is what it was, as far as its store tells. */
class CatalogRebuildTest {
  @TempDir Path directory;
  private Path home;
  private Region region;
  private List<Volume> volumes;
  private List<Snapshot> snapshots;

  @BeforeEach
  void fill() throws IOException {
    home = directory.resolve("home");
    Region.init(home, "paris-1", List.of("paris-1b", "paris-1a"));
    region = Region.open(home);
    region.createVolume(VolumeRequest.empty("data", Sizes.GIB));
    write("data", "a", "first");
    take("data", "one", Map.of("stage", "test", "owner", "me"));
    write("data", "a", "second");
    take("data", "two", Map.of());
    region.createVolume(VolumeRequest.from("clone", "data@one"));
    write("clone", "a", "of the clone");
    region.renameVolume("data", "renamed");
    region.resizeVolume("renamed", 2 * Sizes.GIB);
    region.createVolume(new VolumeRequest("gone", null, Sizes.GIB, null, "paris-1a", "zstd"));
    write("gone", "a", "left behind");
    take("gone", "kept", Map.of());
    region.deleteVolume("gone");
    region.createVolume(new VolumeRequest("empty", null, Sizes.GIB, null, "paris-1a", "none"));
    importSnapshot("imported");
    volumes = region.volumes();
    snapshots = region.snapshots(null);
    assertEquals(List.of("renamed", "clone", "empty"), names());
    assertEquals(4, snapshots.size());
    region.close();
  }

  @AfterEach
  void close() throws IOException {
    region.close();
  }

  private void write(String volume, String path, String content) throws IOException {
    try (FileSystem files = region.openVolume(volume, false)) {
      new Files(files).write(path, content);
    }
  }

  private void take(String volume, String name, Map<String, String> tags) throws IOException {
    region.createSnapshot(volume, name, "text of " + name, tags);
  }

  private void importSnapshot(String name) throws IOException {
    ImportRequest request =
        new ImportRequest(name, Sizes.GIB, "from elsewhere", Map.of("k", "v"), null, "elsewhere");
    try (SnapshotImport begun = region.beginImport(request)) {
      new Files(begun.target()).write("a", "imported");
      begun.publish();
    }
  }

  private List<String> names() {
    return region.volumes().stream().map(Volume::name).toList();
  }

  private RebuildReport rebuildAndOpen() throws IOException {
    RebuildReport report = Region.rebuildCatalog(home);
    region = Region.open(home);
    assertEquals(volumes.size(), report.volumes());
    assertEquals(snapshots.size(), report.snapshots());
    assertEquals(volumes, region.volumes());
    assertEquals(snapshots, region.snapshots(null));
    assertEquals("second", read("renamed"));
    assertEquals("of the clone", read("clone"));
    try (FileSystem files = region.openSnapshot("gone@kept")) {
      assertEquals("left behind", new Files(files).read("a"));
    }
    try (FileSystem files = region.openSnapshot("imported")) {
      assertEquals("imported", new Files(files).read("a"));
    }
    return report;
  }

  private String read(String volume) throws IOException {
    try (FileSystem files = region.openVolume(volume, false)) {
      return new Files(files).read("a");
    }
  }

  private Path catalog() {
    return home.resolve("catalog.db");
  }

  @Test
  void aLostCatalogIsMadeAnew() throws IOException {
    java.nio.file.Files.delete(catalog());
    RebuildReport report = rebuildAndOpen();
    assertNull(report.replaced());
    assertEquals(List.of("paris-1b", "paris-1a"), region.info().subregions());
    assertEquals("paris-1", report.region());
    assertEquals(1, report.notes().size(), report.notes().toString());
    assertTrue(report.notes().get(0).contains("make them anew"), report.notes().toString());
  }

  @Test
  void withoutWhatIsBesideTheStoreTheRegionIsNamedAfterItsSubregions() throws IOException {
    java.nio.file.Files.delete(catalog());
    for (Path file : copies()) {
      java.nio.file.Files.delete(file);
    }
    RebuildReport report = rebuildAndOpen();
    assertEquals(List.of("paris-1a", "paris-1b"), region.info().subregions());
    assertEquals("paris-1", report.region());
    assertEquals(2, report.notes().size(), report.notes().toString());
    assertTrue(report.notes().get(1).contains("paris-1"), report.notes().toString());
  }

  private List<Path> copies() throws IOException {
    try (Stream<Path> files = java.nio.file.Files.list(home.resolve("copy"))) {
      return files.sorted().toList();
    }
  }

  /** Everything that accounts have made of each other's things. */
  private final class Shared {
    final Map<String, String> manyTags = new TreeMap<>();
    final Account north;
    final Account south;
    final String copied;
    final Image image;
    final Image imageCopy;
    final String volume;

    Shared() throws IOException {
      for (int i = 0; i < Checks.TAGS_MAX; i++) {
        manyTags.put("key-" + i, "é".repeat(255));
      }
      region = Region.open(home);
      north = region.accounts().create("north");
      south = region.accounts().create("south");
      region.accounts().createKey(north.id(), null, null);
      region.accounts().setQuota(north.id(), Quota.SNAPSHOTS, 7);
      region.shareSnapshot("renamed@one", new Permissions(false, List.of(north.id(), south.id())));
      region.unshareSnapshot("renamed@one", new Permissions(false, List.of(south.id())));
      region.shareSnapshot("renamed@two", new Permissions(true, List.of()));
      region.setTags(List.of("renamed@two", "renamed"), manyTags);
      copied =
          region.as(north.id()).copySnapshot(region.snapshot("renamed@one").id(), "mine", "c").id();
      region.as(north.id()).setTags(List.of(copied), Map.of("of", "north"));
      volume =
          region
              .as(north.id())
              .createVolume(VolumeRequest.from("v", copied), new VolumeOffer("io1", 150), null)
              .id();
      image = region.as(north.id()).images().create(image("system", copied));
      Images images = region.as(north.id()).images();
      images.share(image.id(), new Permissions(false, List.of(south.id())));
      region.as(north.id()).setTags(List.of(image.id()), Map.of("a", "b"));
      imageCopy = region.as(south.id()).images().copy(image.id(), "of south", null);
      Image gone = images.create(image("gone", copied));
      images.delete(gone.id());
      volumes = region.volumes();
      snapshots = region.snapshots(null);
    }

    private Image image(String name, String snapshot) {
      return new Image(
          null,
          0,
          null,
          name,
          "text",
          "x86_64",
          "/dev/sda1",
          List.of("0001", "0002"),
          List.of("uefi", "legacy"),
          true,
          List.of(
              new Image.Mapping("/dev/sda1", null, snapshot, 2L, VolumeOffer.STANDARD, true),
              new Image.Mapping("/dev/sdb", null, null, 5L, new VolumeOffer("io1", 300), false),
              new Image.Mapping("/dev/sdc", "ephemeral0", null, null, null, true)),
          Map.of(),
          null);
    }

    void requireAll() throws IOException {
      assertEquals(north, region.accounts().account(north.id()));
      assertEquals(south, region.accounts().account(south.id()));
      assertEquals("owner", region.accounts().account(Snapshot.OWNER_ACCOUNT_ID).name());
      assertTrue(
          region.accounts().quotas(north.id()).stream()
              .anyMatch(
                  q -> q.quota() == Quota.SNAPSHOTS && q.maxValue() == 7 && q.usedValue() == 1));
      assertEquals(new Permissions(false, List.of(north.id())), region.permissions("renamed@one"));
      assertEquals(new Permissions(true, List.of()), region.permissions("renamed@two"));
      assertEquals(manyTags, region.snapshot("renamed@two").tags());
      assertEquals(manyTags, region.volume("renamed").tags());
      Region ofNorth = region.as(north.id());
      Region ofSouth = region.as(south.id());
      assertEquals(Map.of("of", "north"), ofNorth.snapshot(copied).tags());
      assertEquals(Map.of(volume, new VolumeOffer("io1", 150)), ofNorth.cloud().offers());
      assertEquals(List.of(image.id()), ofNorth.images().all().stream().map(Image::id).toList());
      Image found = ofNorth.images().image(image.id());
      assertEquals(Map.of("a", "b"), found.tags());
      assertEquals(image.mappings(), found.mappings());
      assertEquals(image.productCodes(), found.productCodes());
      assertEquals(image.bootModes(), found.bootModes());
      assertEquals(image.createdAt(), found.createdAt());
      assertEquals(imageCopy, ofSouth.images().image(imageCopy.id()));
      assertEquals(
          Map.of(image.id(), new Permissions(false, List.of(south.id()))),
          region.permissionsOf(List.of(image.id(), imageCopy.id())));
      Errors.of(
          ErrorKind.CONFLICT,
          "delete the image first",
          () -> ofNorth.deleteSnapshots(List.of(copied)));
      assertTrue(ofNorth.images().create(image("next", copied)).number() > imageCopy.number());
    }
  }

  @Test
  void whatIsSharedAndWhatIsMadeOfItIsThereAgain() throws IOException {
    Shared shared = new Shared();
    region.close();
    java.nio.file.Files.delete(catalog());
    rebuildAndOpen();
    shared.requireAll();
    assertEquals(List.of(), region.accounts().keys(shared.north.id()));
  }

  @Test
  void aReadableCatalogTellsOfKeysAsWell() throws IOException {
    Shared shared = new Shared();
    Cloud.Maker maker =
        token ->
            region
                .createVolume(VolumeRequest.empty("t", Sizes.GIB), VolumeOffer.STANDARD, token)
                .id();
    String made = region.cloud().once("A", "token", "digest", maker);
    ExportTask.Target target = new ExportTask.Target("raw", "https://x", "b", "p", "k");
    Region ofNorth = region.as(shared.north.id());
    ExportTask task = ofNorth.exportTasks().beginSnapshot(shared.copied, target, "hidden");
    ofNorth.setTags(List.of(task.id()), Map.of("of", "a task"));
    ofNorth.regionCopies().add(ofNorth.snapshot(shared.copied), "elsewhere", "snap-00000001");
    volumes = region.volumes();
    region.close();
    // It is the catalog that is believed.
    for (Path file : copies()) {
      java.nio.file.Files.delete(file);
    }
    RebuildReport report = rebuildAndOpen();
    assertEquals(List.of(), report.notes());
    shared.requireAll();
    assertEquals(1, region.accounts().keys(shared.north.id()).size());
    assertEquals(made, region.cloud().once("A", "token", "digest", maker));
    ofNorth = region.as(shared.north.id());
    ExportTask again = ofNorth.exportTasks().task(task.id());
    assertEquals(Map.of("of", "a task"), again.tags());
    assertEquals("hidden", ofNorth.exportTasks().secretKey(again));
    assertEquals(
        List.of(new RegionCopies.RegionCopy(shared.copied, "snap-00000001")),
        ofNorth.regionCopies().to("elsewhere"));
    assertTrue(ofNorth.cloud().update(shared.volume, 2 * Sizes.GIB, null).number() > task.number());
  }

  @Test
  void aDamagedFileIsLeftOutAndToldOf() throws IOException {
    Shared shared = new Shared();
    region.close();
    java.nio.file.Files.delete(catalog());
    Path file = home.resolve("copy").resolve(shared.image.id() + ".json");
    byte[] bytes = java.nio.file.Files.readAllBytes(file);
    bytes[bytes.length - 20] ^= 1;
    java.nio.file.Files.write(file, bytes);
    java.nio.file.Files.writeString(file.resolveSibling("ami-00000000.json.new"), "half");
    RebuildReport report = rebuildAndOpen();
    assertTrue(
        report.notes().stream().anyMatch(note -> note.contains(shared.image.id())),
        report.notes().toString());
    Images images = region.as(shared.south.id()).images();
    assertEquals(List.of(shared.imageCopy.id()), images.all().stream().map(Image::id).toList());
  }

  @Test
  void whatCouldNotBeWrittenBesideTheStoreIsWrittenLater() throws IOException {
    region = Region.open(home);
    Account north = region.accounts().create("north");
    Path copy = home.resolve("copy");
    java.nio.file.Files.move(copy, directory.resolve("aside"));
    java.nio.file.Files.writeString(copy, "in the way");
    region.shareSnapshot("renamed@one", new Permissions(false, List.of(north.id())));
    java.nio.file.Files.delete(copy);
    java.nio.file.Files.move(directory.resolve("aside"), copy);
    String file = region.snapshot("renamed@one").id() + ".json";
    assertFalse(java.nio.file.Files.exists(copy.resolve(file)));
    region.close();
    region = Region.open(home);
    assertTrue(java.nio.file.Files.exists(copy.resolve(file)));
    region.unshareSnapshot("renamed@one", new Permissions(false, List.of(north.id())));
    assertFalse(java.nio.file.Files.exists(copy.resolve(file)));
  }

  /** A tag that comes before the root is frozen has no root to be said by. */
  @Test
  void tagsThatCameWhileASnapshotWasTakenAreThereAgain() throws IOException {
    region = Region.open(home);
    for (int i = 0; i < 20; i++) {
      String id = region.requestSnapshot("renamed", "quick" + i, null, Map.of()).id();
      region.setTags(List.of(id), Map.of("i", Integer.toString(i)));
    }
    while (region.snapshots(null).stream().anyMatch(s -> s.state() != SnapshotState.COMPLETED)) {
      Thread.onSpinWait();
    }
    snapshots = region.snapshots(null);
    region.close();
    java.nio.file.Files.delete(catalog());
    rebuildAndOpen();
  }

  /** As after a crash: what SQLite wrote ahead belongs to the lost catalog, not to the new one. */
  @Test
  void whatALostCatalogWroteAheadIsNotTakenForTheNewOnes() throws IOException {
    region = Region.open(home);
    region.createVolume(VolumeRequest.empty("more", Sizes.GIB));
    Path ahead = catalog().resolveSibling("catalog.db-wal");
    byte[] bytes = java.nio.file.Files.readAllBytes(ahead);
    assertTrue(bytes.length > 0);
    region.deleteVolume("more");
    region.close();
    java.nio.file.Files.write(ahead, bytes);
    java.nio.file.Files.delete(catalog());
    rebuildAndOpen();
  }

  @Test
  void aDamagedCatalogIsKeptBesideTheNewOne() throws IOException {
    byte[] damaged = "no database at all, but long enough to be one".repeat(400).getBytes();
    java.nio.file.Files.write(catalog(), damaged);
    Errors.of(ErrorKind.CORRUPT, "--rebuild-catalog", () -> Region.open(home).close());
    RebuildReport report = rebuildAndOpen();
    assertEquals(
        damaged.length, java.nio.file.Files.size(report.replaced()), report.replaced().toString());
  }

  @Test
  void aReadableCatalogStillTellsTheRegion() throws IOException {
    RebuildReport report = rebuildAndOpen();
    assertEquals(List.of(), report.notes());
    assertEquals(List.of("paris-1b", "paris-1a"), region.info().subregions());
  }

  @Test
  void lostSuperblocksComeFromTheLogs() throws IOException {
    java.nio.file.Files.delete(catalog());
    try (DirectoryStream<Path> all =
        java.nio.file.Files.newDirectoryStream(home.resolve("store/volumes"))) {
      for (Path each : all) {
        java.nio.file.Files.delete(each);
      }
    }
    RebuildReport report = rebuildAndOpen();
    assertTrue(report.notes().stream().anyMatch(note -> note.contains("superblock")));
  }

  /** A volume whose superblock is lost is not one that was deleted. */
  @Test
  void aLostSuperblockAmongOthersComesFromItsLogWhichIsKeptUntilThen() throws IOException {
    java.nio.file.Files.delete(home.resolve("store/volumes/00000001.super"));
    region = Region.open(home);
    IOException told = assertThrows(IOException.class, () -> region.upkeep().reclaim(false));
    assertTrue(told.getMessage().contains("--rebuild-catalog"), told.getMessage());
    region.close();
    rebuildAndOpen();
    region.upkeep().reclaim(false);
    assertEquals("second", read("renamed"));
  }

  @Test
  void aDamagedSuperblockComesFromItsLog() throws IOException {
    Path superblock = home.resolve("store/volumes/00000001.super");
    byte[] bytes = java.nio.file.Files.readAllBytes(superblock);
    bytes[200] ^= 1;
    bytes[4096 + 200] ^= 1;
    java.nio.file.Files.write(superblock, bytes);
    rebuildAndOpen();
  }

  @Test
  void numbersAndIdsGoOn() throws IOException {
    java.nio.file.Files.delete(catalog());
    rebuildAndOpen();
    long highest = snapshots.stream().mapToLong(Snapshot::number).max().orElseThrow();
    assertTrue(region.createSnapshot("clone", "next", null, Map.of()).number() > highest);
    Volume next = region.createVolume(VolumeRequest.empty("next", Sizes.GIB));
    assertTrue(volumes.stream().allMatch(volume -> volume.number() < next.number()));
  }

  @Test
  void anImportThatDidNotEndGoes() throws IOException {
    try (MapStore store = MapStore.open(home.resolve("store"), List.of("paris-1a"))) {
      store
          .create(100, new MapStore.VolumeOptions("paris-1a", "lz4"))
          .setMetadata(VolumeMetadata.NO_VOLUME);
    }
    RebuildReport report = rebuildAndOpen();
    assertTrue(report.notes().stream().anyMatch(note -> note.contains("map 100")));
    assertFalse(java.nio.file.Files.exists(home.resolve("store/volumes/00000064.super")));
  }

  @Test
  void mapsThatDoNotSayWhatTheyAreAreNamedByTheirSnapshots() throws IOException {
    try (MapStore store = MapStore.open(home.resolve("store"), List.of("paris-1a"))) {
      for (long number : store.list()) {
        store.open(number).setMetadata(new byte[0]);
      }
    }
    java.nio.file.Files.delete(catalog());
    Region.rebuildCatalog(home);
    region = Region.open(home);
    // The deleted one is there again; the empty one has no snapshot that knew it.
    assertEquals(List.of("data", "volume-2", "gone", "volume-4"), names());
    assertEquals("second", read("data"));
    assertEquals("of the clone", read("volume-2"));
    assertEquals(snapshots.size(), region.snapshots(null).size());
  }

  @Test
  void aHomeInUseIsLeftAlone() throws IOException {
    region = Region.open(home);
    Errors.of(ErrorKind.CONFLICT, "in use", () -> Region.rebuildCatalog(home));
    assertEquals(volumes, region.volumes());
  }

  @Test
  void aDirectoryWithoutAStoreIsRefused() {
    Path nothing = directory.resolve("nothing");
    Errors.of(ErrorKind.NOT_FOUND, "no store", () -> Region.rebuildCatalog(nothing));
    assertFalse(java.nio.file.Files.exists(nothing));
  }
}
