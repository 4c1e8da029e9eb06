package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.FoundDamages;
import dev.firn.Seeds;
import dev.firn.base.Bytes;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.region.Permissions;
import dev.firn.region.Region;
import dev.firn.region.VolumeRequest;
import dev.firn.snapshot.Snapshot;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.Disk;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.SetAttributes;
import dev.firn.vfs.VolumeKind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Chains of packages, from one home to another. */
class IncrementalTest {
  private static final long ROOT = FileSystem.ROOT_INODE;

  @TempDir Path directory;
  private Region here;
  private Region there;

  @BeforeEach
  void open() throws IOException {
    here = Region.open(directory.resolve("here"));
    there = Region.open(directory.resolve("there"));
    here.createVolume(VolumeRequest.empty("data", 1L << 40));
  }

  @AfterEach
  void close() throws IOException {
    here.close();
    there.close();
  }

  private interface Work {
    void run(FileSystem volume) throws IOException;
  }

  private Snapshot snapshot(String name, Work work) throws IOException {
    try (FileSystem volume = here.openVolume("data", false)) {
      work.run(volume);
    }
    return here.createSnapshot("data", name, "", Map.of());
  }

  private static Path export(Region region, String snapshot, String base, Path file)
      throws IOException {
    ExportOptions options = new ExportOptions(PackageFormat.FIRN, base, null);
    Exporter.exportToFile(region, snapshot, options, file, ProgressListener.NONE);
    return file;
  }

  private Path export(String name, String base) throws IOException {
    return export(
        here,
        "data@" + name,
        base == null ? null : "data@" + base,
        directory.resolve(name + ".firn"));
  }

  private static Snapshot importFrom(Region region, Path file, String name) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      ImportOptions options =
          new ImportOptions(name, null, Trust.ALL, file.getFileName().toString());
      return Importer.importFrom(region, in, null, options, ProgressListener.NONE);
    }
  }

  private static List<String> tree(Region region, String snapshot) throws IOException {
    try (FileSystem files = region.openSnapshot(snapshot)) {
      return Trees.describe(files);
    }
  }

  /** Tells the first difference: trees are long. */
  private static void assertSame(List<String> expected, List<String> found) {
    for (int i = 0; i < Math.min(expected.size(), found.size()); i++) {
      assertEquals(expected.get(i), found.get(i));
    }
    assertEquals(expected.size(), found.size());
  }

  private void assertSame(String name) throws IOException {
    assertSame(tree(here, "data@" + name), tree(there, name));
    FoundDamages damages = new FoundDamages();
    there.upkeep().check(false, damages);
    assertEquals(List.of(), damages.all());
  }

  /** What a mount of the last shows. */
  private List<String> browsed(List<Path> chain) throws IOException {
    Path spool = directory.resolve("there/tmp");
    try (FileSystem files = new PackageFileSystem(chain, spool, Trust.ALL, ProgressListener.NONE)) {
      return Trees.describe(files);
    }
  }

  @Test
  void chainsOfAnyChangesGiveTheSameTrees() throws IOException {
    Random random = Seeds.random("chainsOfAnyChangesGiveTheSameTrees");
    snapshot("s0", volume -> Trees.fillRandomly(volume, random, 80));
    List<Path> chain = new ArrayList<>(List.of(export("s0", null)));
    importFrom(there, chain.get(0), null);
    for (int i = 1; i <= 8; i++) {
      int steps = random.nextInt(40);
      snapshot("s" + i, volume -> Mutations.apply(volume, random, steps));
      chain.add(export("s" + i, "s" + (i - 1)));
      importFrom(there, chain.get(i), null);
      assertSame("s" + i);
      assertSame(tree(here, "data@s" + i), browsed(chain));
    }
    // From far back, and onto something that was itself imported.
    Path far = export(here, "data@s8", "data@s3", directory.resolve("far"));
    importFrom(there, far, "far");
    assertSame(tree(here, "data@s8"), tree(there, "far"));
    chain.subList(4, 9).clear();
    chain.add(far);
    assertSame(tree(here, "data@s8"), browsed(chain));
  }

  @Test
  void browsedChainsAreWholeAndInOrder() throws IOException {
    Random random = new Random(1);
    Snapshot base = snapshot("s0", volume -> Trees.fillRandomly(volume, random, 20));
    snapshot("s1", volume -> Mutations.apply(volume, random, 20));
    snapshot("s2", volume -> Mutations.apply(volume, random, 20));
    Path zero = export("s0", null);
    Path one = export("s1", "s0");
    Path two = export("s2", "s1");
    FirnException alone = assertThrows(FirnException.class, () -> browsed(List.of(one)));
    assertEquals(ErrorKind.USAGE, alone.kind());
    assertTrue(alone.getMessage().contains(base.id()), alone.getMessage());
    assertTrue(alone.getMessage().contains("--base"), alone.getMessage());
    for (List<Path> chain :
        List.of(
            List.of(one, two), List.of(zero, two), List.of(zero, two, one), List.of(zero, zero))) {
      FirnException refusal = assertThrows(FirnException.class, () -> browsed(chain));
      assertEquals(ErrorKind.CONFLICT, refusal.kind(), refusal.getMessage());
    }
    byte[] cut = Files.readAllBytes(one);
    Files.write(one, Arrays.copyOf(cut, cut.length - 2000));
    FirnException refusal = assertThrows(FirnException.class, () -> browsed(List.of(zero, one)));
    assertEquals(ErrorKind.CORRUPT, refusal.kind());
  }

  /** Parts of what was there, cut by what came; and of what came, by what came then. */
  @Test
  void changedContentsAreBrowsedWhereverTheyAreCut() throws IOException {
    Random random = Seeds.random("changedContentsAreBrowsedWhereverTheyAreCut");
    int length = 3 << 20;
    snapshot("s0", volume -> Trees.file(volume, ROOT, "f", Trees.random(random, length)));
    List<Path> chain = new ArrayList<>(List.of(export("s0", null)));
    for (int i = 1; i <= 6; i++) {
      snapshot(
          "s" + i,
          volume -> {
            long inode = volume.lookup(ROOT, Bytes.utf8("f")).inode();
            for (int change = random.nextInt(20); change > 0; change--) {
              long offset = random.nextInt(length);
              switch (random.nextInt(8)) {
                case 0 -> volume.setAttributes(inode, SetAttributes.size(offset));
                case 1 -> volume.allocate(inode, 3, offset, 1 + random.nextInt(500_000));
                default ->
                    Trees.write(
                        volume, inode, offset, Trees.random(random, 1 + random.nextInt(50_000)));
              }
            }
          });
      chain.add(export("s" + i, "s" + (i - 1)));
      assertSame(tree(here, "data@s" + i), browsed(chain));
    }
  }

  /** Also one that has grown in between, and is full before and after. */
  @Test
  void aDiskStaysOne() throws IOException {
    here.createVolume(new VolumeRequest("disk", "block", 2L << 20, null, null, null));
    writeDisk(0, Trees.random(new Random(1), 2 << 20));
    here.createSnapshot("disk", "s0", "", Map.of());
    here.resizeVolume("disk", 3L << 20);
    writeDisk(1_000_000, Trees.random(new Random(2), (3 << 20) - 1_000_000));
    here.createSnapshot("disk", "s1", "", Map.of());
    importFrom(there, export(here, "disk@s0", null, directory.resolve("d0")), null);

    importFrom(there, export(here, "disk@s1", "disk@s0", directory.resolve("d1")), null);

    Snapshot imported = there.snapshot("s1");
    assertEquals(VolumeKind.BLOCK, imported.kind());
    assertEquals(3L << 20, imported.sizeBytes());
    assertSame(tree(here, "disk@s1"), tree(there, "s1"));
    there.createVolume(VolumeRequest.from("again", "s1"));
    try (FileSystem files = there.openVolume("again", false)) {
      assertThrows(IOException.class, () -> files.unlink(ROOT, Disk.name()));
    }
  }

  private void writeDisk(long offset, byte[] bytes) throws IOException {
    try (FileSystem volume = here.openVolume("disk", false)) {
      Trees.write(volume, volume.lookup(ROOT, Disk.name()).inode(), offset, bytes);
    }
  }

  @Test
  void whatStaysTheSameIsNotInIt() throws IOException {
    byte[] content = Trees.random(new Random(1), 3_000_000);
    snapshot(
        "s0",
        volume -> {
          long inode = volume.makeDirectory(ROOT, Bytes.utf8("d"), 0755, 0, 0).inode();
          Trees.file(volume, inode, "large", content);
          Trees.file(volume, inode, "same", content);
        });
    snapshot(
        "s1",
        volume -> {
          long inode = volume.lookup(ROOT, Bytes.utf8("d")).inode();
          Attributes large = volume.lookup(inode, Bytes.utf8("large"));
          Trees.write(volume, large.inode(), 1_000_000, new byte[] {1, 2, 3});
          // What is written again with the same bytes is no change of content.
          Attributes same = volume.lookup(inode, Bytes.utf8("same"));
          Trees.write(volume, same.inode(), 0, content);
          volume.rename(ROOT, Bytes.utf8("d"), ROOT, Bytes.utf8("renamed"), 0);
        });
    importFrom(there, export("s0", null), null);
    Path file = export("s1", "s0");

    importFrom(there, file, null);

    assertSame("s1");
    assertTrue(Files.size(file) < 20_000, () -> "a package of " + file.toFile().length());
    assertEquals(4096, TestHome.manifest(Files.readAllBytes(file)).counts().dataBytes());
    assertArrayEquals(
        Files.readAllBytes(file),
        Files.readAllBytes(export(here, "data@s1", "data@s0", directory.resolve("again"))),
        "the same snapshots, the same bytes");
  }

  @Test
  void sharedFilesOfAMadeVolumeAreTold() throws IOException {
    snapshot("s0", volume -> Trees.fillRandomly(volume, new Random(3), 30));
    here.createVolume(VolumeRequest.from("clone", "data@s0"));
    try (FileSystem clone = here.openVolume("clone", false)) {
      Mutations.apply(clone, new Random(4), 30);
    }
    snapshot("s1", volume -> Mutations.apply(volume, new Random(5), 30));
    here.createSnapshot("clone", "c", "", Map.of());
    importFrom(there, export("s0", null), null);
    importFrom(there, export("s1", "s0"), null);

    importFrom(there, export(here, "clone@c", "data@s1", directory.resolve("c")), null);

    assertSame(tree(here, "clone@c"), tree(there, "c"));
  }

  @Test
  void withoutItsBaseItIsRefused() throws IOException {
    Snapshot base = snapshot("s0", volume -> Trees.file(volume, ROOT, "f", new byte[] {1}));
    snapshot("s1", volume -> Trees.file(volume, ROOT, "g", new byte[] {1}));
    Path full = export("s0", null);
    Path file = export("s1", "s0");

    FirnException refusal = assertThrows(FirnException.class, () -> importFrom(there, file, null));

    assertEquals(ErrorKind.NOT_FOUND, refusal.kind());
    assertEquals(
        "s1.firn is incremental and needs snapshot "
            + base.id()
            + " ('data@s0') of "
            + base.createdAt()
            + ", which is not here; import that first",
        refusal.getMessage());
    assertEquals(List.of(), there.snapshots(null));
    importFrom(there, full, "other-name");
    importFrom(there, file, null);
    assertSame("s1");
  }

  @Test
  void anotherBaseOfTheSameNameIsRefused() throws IOException {
    Snapshot base = snapshot("s0", volume -> Trees.file(volume, ROOT, "f", new byte[] {1}));
    Snapshot next =
        snapshot(
            "s1",
            volume ->
                Trees.write(volume, volume.lookup(ROOT, Bytes.utf8("f")).inode(), 0, new byte[9]));
    try (FileSystem other = here.openSnapshot(next.id())) {
      Path forged = directory.resolve("forged");
      Exporter.writeFile(
          ExportSource.full(base, other), PackageFormat.FIRN, null, forged, ProgressListener.NONE);
      importFrom(there, forged, null);
    }

    Path file = export("s1", "s0");
    FirnException refusal = assertThrows(FirnException.class, () -> importFrom(there, file, null));

    assertEquals(ErrorKind.CONFLICT, refusal.kind());
    assertEquals(1, there.snapshots(null).size());
  }

  @Test
  void aBaseIsFoundAfterItsCatalogWasMadeAnewAndInAThirdHome() throws IOException {
    Snapshot base = snapshot("s0", volume -> Trees.fillRandomly(volume, new Random(1), 10));
    snapshot("s1", volume -> Mutations.apply(volume, new Random(2), 10));
    importFrom(there, export("s0", null), null);
    there.close();
    Region.rebuildCatalog(directory.resolve("there"));
    there = Region.open(directory.resolve("there"));
    assertEquals(base.id(), there.snapshot("s0").originId());

    try (Region third = Region.open(directory.resolve("third"))) {
      Path again = export(there, "s0", null, directory.resolve("again"));
      assertArrayEquals(
          Files.readAllBytes(export("s0", null)),
          Files.readAllBytes(again),
          "the same bytes from every home");
      importFrom(third, again, null);
      Path file = export("s1", "s0");
      importFrom(third, file, null);
      importFrom(there, file, null);
      assertSame(tree(here, "data@s1"), tree(third, "s1"));
      assertSame("s1");
    }
  }

  @Test
  void archivesAndOneselfAreNoBase() throws IOException {
    snapshot("s0", volume -> {});
    FirnException itself = assertThrows(FirnException.class, () -> export("s0", "s0"));
    assertEquals(ErrorKind.USAGE, itself.kind());
    ExportOptions tar = new ExportOptions(PackageFormat.TAR, "data@s0", null);
    FirnException archive =
        assertThrows(
            FirnException.class,
            () ->
                Exporter.exportToFile(
                    here, "data@s0", tar, directory.resolve("x.tar"), ProgressListener.NONE));
    assertEquals(ErrorKind.USAGE, archive.kind());
  }

  /** A snapshot s0 of which a test can say everything by hand. */
  private Path exportKnown() throws IOException {
    SetAttributes.TimeChange time = SetAttributes.TimeChange.at(7, 0);
    snapshot(
        "s0",
        volume -> {
          long d = volume.makeDirectory(ROOT, Bytes.utf8("d"), 0755, 0, 0).inode();
          long f = Trees.file(volume, d, "f", new byte[] {1});
          long g = Trees.file(volume, ROOT, "g", new byte[] {1, 2});
          for (long inode : new long[] {ROOT, d, f, g}) {
            volume.setAttributes(inode, SetAttributes.times(time, time));
          }
        });
    return export("s0", null);
  }

  @Test
  void changesThatAreNotPossibleAreRefusedAndLeaveNothing() throws IOException {
    importFrom(there, exportKnown(), null);
    int gone = TreeRecord.Base.GONE;
    int stays = TreeRecord.Base.STAYS;
    TreeRecord root = base(0, stays, 040755, 0, "");
    TreeRecord d = base(0, stays, 040755, 0, "d");
    TreeRecord dMoves = base(0, gone | stays, 040755, 0, "d");
    TreeRecord f = base(1, stays, 0100644, 1, "f");
    TreeRecord g = base(0, stays, 0100644, 2, "g");
    TreeRecord gMoves = base(0, gone | stays, 0100644, 2, "g");
    TreeRecord gGoes = base(0, gone, 0100644, 2, "g");
    TreeRecord a = HostilePackageTest.file("a");
    TreeRecord data = HostilePackageTest.content();
    TreeRecord end = change(0, 040755, 0);

    refuse(ErrorKind.CORRUPT, "root directory", d, a, data, end);
    refuse(ErrorKind.CORRUPT, "root directory", base(0, gone, 040755, 0, ""), a, data, end);
    refuse(ErrorKind.CORRUPT, "names nothing", a, data, end);
    refuse(ErrorKind.CONFLICT, "another base", base(0, stays, 040700, 0, ""), a, data, end);
    refuse(ErrorKind.CONFLICT, "another base", root, base(0, gone, 0100644, 2, "x"), a, data, end);
    refuse(ErrorKind.CONFLICT, "another base", root, base(0, gone, 0100644, 3, "g"), a, data, end);
    refuse(ErrorKind.CORRUPT, "out of order", root, base(0, 0, 0100644, 2, "g"), a, data, end);
    refuse(ErrorKind.CORRUPT, "out of order", root, base(0, 8, 0100644, 2, "g"), a, data, end);
    refuse(ErrorKind.CORRUPT, "out of order", root, g, d, a, data, end);
    refuse(ErrorKind.CORRUPT, "twice", root, g, g, a, data, end);
    refuse(ErrorKind.CORRUPT, "no open directory", root, d, f, base(9, 2, 0, 0, "q"), a, data, end);
    refuse(ErrorKind.CORRUPT, "leads out", root, base(0, stays, 040755, 0, ".."), a, data, end);
    refuse(ErrorKind.CORRUPT, "does not stay", root, gGoes, a, data, link(1, "h"), end);
    refuse(ErrorKind.CORRUPT, "does not stay", root, a, data, link(-1, "h"), end);
    refuse(ErrorKind.CORRUPT, "a link to nothing", root, a, data, link(99, "h"), end);
    refuse(ErrorKind.CORRUPT, "second name", root, d, a, data, link(1, "h"), end);
    refuse(
        ErrorKind.CORRUPT,
        "",
        root,
        dMoves,
        a,
        data,
        new TreeRecord.Link(1, 1, Bytes.utf8("x")),
        end);
    refuse(ErrorKind.CORRUPT, "stays, but nowhere", root, dMoves, a, data, end);
    refuse(ErrorKind.CORRUPT, "stays, but nowhere", root, gMoves, a, data, end);
    refuse(ErrorKind.CORRUPT, "what its root is", root, a, data);
    refuse(ErrorKind.CORRUPT, "another type", root, g, a, data, end, change(1, 040755, 0));
    refuse(ErrorKind.CORRUPT, "out of order", root, g, a, data, end, end);
    refuse(ErrorKind.CORRUPT, "behind changes", root, end, a, data);
    refuse(ErrorKind.CORRUPT, "out of order", root, a, data, g, end);
    refuse(ErrorKind.CORRUPT, "does not stay", root, gGoes, a, data, change(1, 0100644, 2));
    TreeRecord hole = new TreeRecord.Hole(0, 4096);
    refuse(ErrorKind.CORRUPT, "a hole", root, g, a, data, hole, end);
    refuse(ErrorKind.CORRUPT, "a hole", root, g, a, data, end, change(1, 0100644, 2), hole);
    refuse(
        ErrorKind.CORRUPT,
        "a hole",
        root,
        g,
        a,
        data,
        end,
        change(1, 0100644, 2),
        new TreeRecord.Hole(1, Long.MAX_VALUE));
    FirnException full =
        assertThrows(
            FirnException.class,
            () ->
                importBytes(
                    HostilePackageTest.pack(m -> m, true, HostilePackageTest.root(), root)));
    assertEquals(ErrorKind.CORRUPT, full.kind());

    importBytes(incremental(root, d, f, gMoves, a, data, link(3, "h"), end));
    try (FileSystem files = there.openSnapshot("s")) {
      assertEquals(2, files.lookup(ROOT, Bytes.utf8("h")).sizeBytes());
      assertEquals(0, Trees.describe(files).stream().filter(l -> l.startsWith("/g")).count());
    }
  }

  @Test
  void mergedChainsHaveTheBytesOfAFullExport() throws IOException {
    Random random = Seeds.random("mergedChainsHaveTheBytesOfAFullExport");
    snapshot("s0", volume -> Trees.fillRandomly(volume, random, 40));
    Path zero = export("s0", null);
    snapshot("s1", volume -> Mutations.apply(volume, random, 30));
    Path one = export("s1", "s0");
    snapshot("s2", volume -> Mutations.apply(volume, random, 30));
    Path two = export("s2", "s1");
    Path full = export(here, "data@s2", null, directory.resolve("full"));
    Path merged = directory.resolve("merged");

    merge(merged, zero, one, two);

    assertArrayEquals(Files.readAllBytes(full), Files.readAllBytes(merged));
    List<String> before = list();
    assertEquals(ErrorKind.CONFLICT, refusedMerge(one, two));
    assertEquals(ErrorKind.CONFLICT, refusedMerge(zero, two));
    assertEquals(ErrorKind.CONFLICT, refusedMerge(zero, one, full));
    byte[] cut = Files.readAllBytes(one);
    Files.write(one, Arrays.copyOf(cut, cut.length - 2000));
    assertEquals(ErrorKind.CORRUPT, refusedMerge(zero, one));
    assertEquals(before, list());
  }

  private List<String> list() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(Path::toString).sorted().toList();
    }
  }

  private static void merge(Path target, Path... packages) throws IOException {
    PackageMerge.merge(target, List.of(packages), Trust.ALL, null, ProgressListener.NONE);
  }

  private ErrorKind refusedMerge(Path... packages) {
    Path target = directory.resolve("refused");
    return assertThrows(FirnException.class, () -> merge(target, packages)).kind();
  }

  private static TreeRecord base(long parent, int flags, int mode, long size, String name) {
    return new TreeRecord.Base(parent, flags, mode, size, 7, 0, Bytes.utf8(name));
  }

  private static TreeRecord link(long ordinal, String name) {
    return new TreeRecord.Link(0, ordinal, Bytes.utf8(name));
  }

  private static TreeRecord change(long ordinal, int mode, long size) {
    return new TreeRecord.Change(ordinal, mode, 0, 0, size, 8, 0, 8, 0);
  }

  private byte[] incremental(TreeRecord... records) throws IOException {
    return incremental(counts -> counts, records);
  }

  private byte[] incremental(UnaryOperator<Manifest.Counts> counts, TreeRecord... records)
      throws IOException {
    Manifest.BasePart base = Manifest.basePart(here.snapshot("data@s0"));
    return HostilePackageTest.pack(
        m ->
            HostilePackageTest.manifest(
                base, null, m.snapshot(), m.volume(), counts.apply(m.counts()), m.members()),
        true,
        records);
  }

  private void importBytes(byte[] packed) throws IOException {
    Importer.importFrom(
        there,
        new ByteArrayInputStream(packed),
        null,
        new ImportOptions(null, null),
        ProgressListener.NONE);
  }

  private void refuse(ErrorKind kind, String part, TreeRecord... records) throws IOException {
    byte[] packed = incremental(records);
    FirnException refusal = assertThrows(FirnException.class, () -> importBytes(packed));
    assertEquals(kind, refusal.kind(), refusal.getMessage());
    assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
    assertEquals(1, there.snapshots(null).size());
    Path file = Files.write(directory.resolve("refused.firn"), packed);
    try {
      // Whoever only looks is shown something, or is refused.
      assertFalse(browsed(List.of(directory.resolve("s0.firn"), file)).isEmpty());
    } catch (FirnException e) {
      assertTrue(e.kind() == ErrorKind.CORRUPT || e.kind() == ErrorKind.CONFLICT, e.toString());
    }
  }

  private void refuseToShow(String part, TreeRecord... records) throws IOException {
    // Its data, which no record need be of, fits into its files.
    byte[] packed =
        incremental(c -> new Manifest.Counts(0, 0, 0, 0, 0, 1 << 20, c.dataBytes()), records);
    Path file = Files.write(directory.resolve("refused.firn"), packed);
    List<Path> chain = List.of(directory.resolve("s0.firn"), file);
    FirnException refusal = assertThrows(FirnException.class, () -> browsed(chain));
    assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
  }

  @Test
  void changesThatAreNotPossibleAreNotShown() throws IOException {
    exportKnown();
    int gone = TreeRecord.Base.GONE;
    int stays = TreeRecord.Base.STAYS;
    TreeRecord root = base(0, stays, 040755, 0, "");
    TreeRecord d = base(0, stays, 040755, 0, "d");
    TreeRecord dMoves = base(0, gone | stays, 040755, 0, "d");
    TreeRecord f = base(1, stays, 0100644, 1, "f");
    TreeRecord fMoves = base(1, gone | stays, 0100644, 1, "f");
    TreeRecord a = HostilePackageTest.file("a");
    TreeRecord data = HostilePackageTest.content();
    TreeRecord end = change(0, 040755, 0);
    TreeRecord itself = new TreeRecord.Link(1, 1, Bytes.utf8("x"));
    TreeRecord inFile = new TreeRecord.Link(2, 2, Bytes.utf8("x"));

    refuseToShow("root directory", d, end);
    refuseToShow("another base", base(0, stays, 040700, 0, ""), end);
    refuseToShow("another base", root, base(0, stays, 0100644, 1, "q"), end);
    refuseToShow("in no open directory", root, base(7, stays, 040755, 0, "d"), end);
    refuseToShow("twice or out of order", root, d, d, end);
    refuseToShow("out of order", root, base(0, 0, 040755, 0, "d"), end);
    refuseToShow("out of order", root, base(0, 4, 040755, 0, "d"), end);
    refuseToShow("out of order", root, a, data, d, end);
    refuseToShow("not there", root, link(-1, "h"), end);
    refuseToShow("not there", root, link(Long.MAX_VALUE, "h"), end);
    refuseToShow("not there", root, base(0, gone, 040755, 0, "d"), link(1, "h"), end);
    refuseToShow("second name", root, d, link(1, "h"), end);
    refuseToShow("nowhere", root, dMoves, itself, end);
    refuseToShow("nowhere", root, dMoves, end);
    refuseToShow("nowhere", root, d, fMoves, end);
    refuseToShow("in no open directory", root, d, f, inFile, end);
    refuseToShow("twice or out of order", root, d, f, link(2, "d"), end);
    refuseToShow("twice or out of order", root, d, f, link(2, "h"), link(2, "g"), end);
    refuseToShow("what its root is", root, a, data);
    refuseToShow("behind changes", root, end, a, data);
    refuseToShow("another type", root, d, f, change(2, 040755, 0));
    refuseToShow("out of order", root, end, end);
    refuseToShow("out of order", root, d, f, change(2, 0100644, 1), end);
    refuseToShow("without a file", root, data, end);
    refuseToShow("without a file", root, a, data, new TreeRecord.Hole(0, 1), end);
    refuseToShow("exceeds", root, d, f, end, change(2, 0100644, 1), new TreeRecord.Hole(0, 2));
    TreeRecord negative = new TreeRecord.Hole(0, -1);
    refuseToShow("exceeds", root, d, f, end, change(2, 0100644, 1), negative);
    TreeRecord other = new TreeRecord.Extent(0, 1, 1, 0);
    refuseToShow("where there is none", root, d, f, end, change(2, 0100644, 1), other);
    TreeRecord largest = new TreeRecord.Extent(0, 1, Integer.MAX_VALUE, 0);
    refuseToShow("where there is none", root, d, f, end, change(2, 0100644, 1), largest);
  }

  @Test
  void aBaseIsTheAccountsOwn() throws IOException {
    snapshot("one", volume -> Trees.file(volume, ROOT, "file", new byte[10]));
    snapshot("two", volume -> Trees.file(volume, ROOT, "more", new byte[10]));
    Path full = export("one", null);
    Path change = export("two", "one");
    Region other = there.as(there.accounts().create("other").id());
    Region own = there.as(there.accounts().create("own").id());
    Snapshot shared = importFrom(other, full, "one");
    other.shareSnapshot(shared.id(), new Permissions(false, List.of(own.accountId())));
    assertEquals(
        ErrorKind.NOT_FOUND,
        assertThrows(FirnException.class, () -> importFrom(own, change, "two")).kind());
    importFrom(own, full, "one");
    importFrom(own, change, "two");
    assertSame(tree(here, "data@two"), tree(own, "two"));
  }
}
