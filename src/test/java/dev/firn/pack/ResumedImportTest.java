package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.FoundDamages;
import dev.firn.Seeds;
import dev.firn.base.Bytes;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.region.Region;
import dev.firn.region.VolumeRequest;
import dev.firn.snapshot.Snapshot;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Imports that are interrupted, and go on. */
class ResumedImportTest {
  private static final int MIB = 1 << 20;

  /** More names than a member of the tree has room for. */
  private static final int LINKS = 17_000;

  @TempDir Path directory;
  private Region here;
  private Region there;

  @BeforeEach
  void open() throws IOException {
    System.setProperty(PackageReader.KEEP_MILLIS, "0");
    here = Region.open(directory.resolve("here"));
    there = Region.open(directory.resolve("there"));
    here.createVolume(VolumeRequest.empty("data", 1L << 40));
  }

  @AfterEach
  void close() throws IOException {
    System.clearProperty(PackageReader.KEEP_MILLIS);
    here.close();
    there.close();
  }

  /** A snapshot of several members of each kind, in its package. */
  private byte[] export(String name, String base, Random random) throws IOException {
    try (FileSystem volume = here.openVolume("data", false)) {
      if (base == null) {
        Trees.fillRandomly(volume, random, 80);
        long first = Trees.file(volume, 1, "large", Trees.random(random, 20 * MIB));
        for (int i = 0; i < LINKS; i++) {
          // Names of one inode, on both sides of a pause.
          volume.link(first, 1, linkName(i));
        }
        long inside = volume.makeDirectory(1, Bytes.utf8("inside"), 0755, 0, 0).inode();
        Trees.file(volume, inside, "more", Trees.random(random, 9 * MIB));
      }
      volume.makeNode(1, Bytes.utf8("of-" + name), FileMode.FIFO | 0600, 0, 0, 0);
    }
    here.createSnapshot("data", name, "", Map.of());
    Path file = directory.resolve(name + ".firn");
    ExportOptions options = new ExportOptions(PackageFormat.FIRN, base, null);
    Exporter.exportToFile(here, "data@" + name, options, file, ProgressListener.NONE);
    return Files.readAllBytes(file);
  }

  private static byte[] linkName(int number) {
    return Bytes.utf8(number + "-".repeat(200));
  }

  private Snapshot importFrom(InputStream in, boolean resume) throws IOException {
    ImportOptions options = new ImportOptions(null, null, Trust.ALL, "it", resume);
    return Importer.importFrom(there, in, null, options, ProgressListener.NONE);
  }

  private long kept() throws IOException {
    Path imports = directory.resolve("there/imports");
    if (!Files.isDirectory(imports)) {
      return 0;
    }
    try (Stream<Path> files = Files.list(imports)) {
      return files.count();
    }
  }

  private void assertSound() throws IOException {
    FoundDamages damages = new FoundDamages();
    there.upkeep().check(false, damages);
    assertEquals(List.of(), damages.all());
  }

  /** Ends early, as a pipe does, or fails, as a disk does. */
  private static final class Broken extends FilterInputStream {
    private final long end;
    private final boolean fails;
    private long offset;

    Broken(byte[] bytes, long end, boolean fails) {
      super(new ByteArrayInputStream(bytes));
      this.end = end;
      this.fails = fails;
    }

    @Override
    public int read(byte[] target, int from, int length) throws IOException {
      if (offset >= end) {
        if (fails) {
          throw new IOException("broken");
        }
        return -1;
      }
      int count = super.read(target, from, (int) Math.min(length, end - offset));
      offset += Math.max(0, count);
      return count;
    }

    @Override
    public long skip(long count) throws IOException {
      long skipped = super.skip(Math.min(count, end - offset));
      offset += skipped;
      return skipped;
    }
  }

  /** Breaks an import at nine places one behind the other, or near each other, then lets it end. */
  private Snapshot importInterrupted(byte[] whole, Random random) throws IOException {
    int snapshotsBefore = there.snapshots(null).size();
    for (int i = 1; i <= 8; i++) {
      int end = i * (whole.length / 9) + random.nextInt(whole.length / 9);
      boolean fails = random.nextBoolean();
      Throwable failure =
          assertThrows(Exception.class, () -> importFrom(new Broken(whole, end, fails), true));
      if (failure instanceof FirnException refusal) {
        assertEquals(ErrorKind.CORRUPT, refusal.kind(), refusal.getMessage());
        assertEquals(kept() > 0, refusal.getMessage().contains("--resume"), refusal.getMessage());
      }
      assertEquals(snapshotsBefore, there.snapshots(null).size());
      assertTrue(kept() <= 1, "only the last is kept");
      assertSound();
      if (random.nextBoolean()) {
        there.close();
        there = Region.open(directory.resolve("there"));
      }
    }
    assertEquals(1, kept());
    Snapshot imported = importFrom(new ByteArrayInputStream(whole), true);
    assertEquals(0, kept());
    assertSound();
    return imported;
  }

  private void assertSame(String name, Snapshot imported) throws IOException {
    try (FileSystem before = here.openSnapshot("data@" + name);
        FileSystem after = there.openSnapshot(imported.id())) {
      assertEquals(Trees.describe(before), Trees.describe(after));
    }
  }

  @Test
  void goesOnWhereverItWasInterrupted() throws IOException {
    Random random = Seeds.random("goesOnWhereverItWasInterrupted");
    byte[] whole = export("one", null, random);
    Snapshot imported = importInterrupted(whole, random);
    assertSame("one", imported);
    // What is kept is of one package; this one begins anew.
    there.deleteSnapshots(List.of(imported.id()));
    importFrom(new ByteArrayInputStream(whole), true);
    assertEquals(0, kept());
  }

  /** Among names that go, names that come, and contents that change: each has several members. */
  @Test
  void changesGoOnWhereverTheyWereInterrupted() throws IOException {
    Random random = Seeds.random("changesGoOnWhereverTheyWereInterrupted");
    importFrom(new ByteArrayInputStream(export("one", null, random)), false);
    try (FileSystem volume = here.openVolume("data", false)) {
      long large = volume.lookup(1, Bytes.utf8("large")).inode();
      long inside = volume.lookup(1, Bytes.utf8("inside")).inode();
      for (int i = 0; i < LINKS; i++) {
        // The directory is held meanwhile, and so is the inode with many names.
        volume.unlink(1, linkName(i));
        volume.link(large, inside, linkName(i));
      }
      Trees.write(volume, large, 3 * MIB, Trees.random(random, 9 * MIB));
      long more = volume.lookup(inside, Bytes.utf8("more")).inode();
      Trees.write(volume, more, 0, Trees.random(random, 9 * MIB));
      long added = volume.makeDirectory(inside, Bytes.utf8("added"), 0755, 0, 0).inode();
      Trees.file(volume, added, "new", Trees.random(random, 17 * MIB));
      volume.rename(1, Bytes.utf8("inside"), 1, Bytes.utf8("moved"), 0);
      Mutations.apply(volume, random, 30);
    }
    byte[] change = export("two", "data@one", random);
    Snapshot imported = importInterrupted(change, random);
    assertSame("two", imported);

    // Nor without its base, whatever was kept.
    there.deleteSnapshots(List.of(imported.id()));
    int end = change.length / 2;
    assertThrows(IOException.class, () -> importFrom(new Broken(change, end, true), true));
    assertEquals(1, kept());
    there.deleteSnapshots(there.snapshots(null).stream().map(Snapshot::id).toList());
    FirnException refusal =
        assertThrows(FirnException.class, () -> importFrom(new Broken(change, end, true), true));
    assertEquals(ErrorKind.NOT_FOUND, refusal.kind());
    assertEquals(1, there.discardKeptImports());
    assertSound();
  }

  /** Or it would go on with that one even when the right one is there. */
  @Test
  void nothingIsKeptOfAnotherBase() throws IOException {
    Random random = new Random(1);
    byte[] whole = export("one", null, random);
    here.createVolume(VolumeRequest.from("other", "data@one"));
    try (FileSystem volume = here.openVolume("other", false)) {
      // Behind more names than a member has.
      Trees.write(volume, volume.lookup(1, Bytes.utf8("large")).inode(), 0, new byte[] {1});
    }
    Path forged = directory.resolve("forged.firn");
    Snapshot one = here.snapshot("data@one");
    Snapshot other = here.createSnapshot("other", "other", "", Map.of());
    try (FileSystem files = here.openSnapshot(other.id())) {
      Exporter.writeFile(
          ExportSource.full(one, files), PackageFormat.FIRN, null, forged, ProgressListener.NONE);
    }
    try (FileSystem volume = here.openVolume("data", false)) {
      for (int i = 0; i < LINKS; i++) {
        volume.unlink(1, linkName(i));
      }
    }
    byte[] change = export("two", "data@one", random);
    Snapshot wrong = importFrom(new ByteArrayInputStream(Files.readAllBytes(forged)), false);

    FirnException refusal =
        assertThrows(FirnException.class, () -> importFrom(new ByteArrayInputStream(change), true));

    assertEquals(ErrorKind.CONFLICT, refusal.kind(), refusal.getMessage());
    assertEquals(0, kept());
    there.deleteSnapshots(List.of(wrong.id()));
    importFrom(new ByteArrayInputStream(whole), false);
    assertSame("two", importFrom(new ByteArrayInputStream(change), true));
  }

  @Test
  void onlyTheRestIsMade() throws IOException {
    byte[] whole = export("one", null, new Random(1));
    assertThrows(
        FirnException.class,
        () -> importFrom(new ByteArrayInputStream(whole, 0, whole.length - 2000), true));
    // What was made is not looked at again, and its members were verified when they were used.
    byte[] elsewhere = whole.clone();
    elsewhere[5 * MIB] ^= 1;
    importFrom(new ByteArrayInputStream(elsewhere), true);
    try (FileSystem before = here.openSnapshot("data@one");
        FileSystem after = there.openSnapshot("one")) {
      assertEquals(Trees.describe(before), Trees.describe(after));
    }
  }

  @Test
  void nothingIsKeptUnlessItIsWantedAndGood() throws IOException {
    byte[] whole = export("one", null, new Random(1));
    byte[] cut = Arrays.copyOf(whole, whole.length - 2000);
    assertThrows(FirnException.class, () -> importFrom(new ByteArrayInputStream(cut), false));
    assertEquals(0, kept());
    byte[] damaged = whole.clone();
    damaged[whole.length - 5 * MIB] ^= 1;
    FirnException refusal =
        assertThrows(
            FirnException.class, () -> importFrom(new ByteArrayInputStream(damaged), true));
    assertFalse(refusal.getMessage().contains("--resume"), refusal.getMessage());
    assertEquals(0, kept());
    byte[] swapped = swappedContents(whole);
    assertThrows(FirnException.class, () -> importFrom(new ByteArrayInputStream(swapped), true));
    assertEquals(0, kept());

    assertThrows(FirnException.class, () -> importFrom(new ByteArrayInputStream(cut), true));
    assertEquals(1, kept());
    assertEquals(1, there.discardKeptImports());
    assertEquals(0, kept());
    assertEquals(0, there.discardKeptImports());
    assertSound();
  }

  /** Says of a member something else; its own digest is right. */
  private static byte[] swappedContents(byte[] whole) throws IOException {
    int offset = TestHome.contentsOffset(whole);
    InputStream end = new ByteArrayInputStream(whole, offset, whole.length - offset);
    byte[] contents = new PackageTar.Input(end, "it").document(Document.CONTENTS);
    Manifest manifest = TestHome.manifest(whole);
    String digest = manifest.members().get(1).sha256();
    String other = Bytes.text(contents).replace(digest, "0".repeat(digest.length()));
    java.io.ByteArrayOutputStream bytes = new java.io.ByteArrayOutputStream();
    bytes.write(whole, 0, offset);
    Document.CONTENTS.write(bytes, Bytes.utf8(other), null);
    int behind = offset + (int) Document.CONTENTS.entryBytes(contents, null);
    bytes.write(whole, behind, whole.length - behind);
    return bytes.toByteArray();
  }

  @Test
  void whatCannotGoOnSaysSo() throws IOException {
    Path golden = Path.of("src/test/resources/golden/packages/1-full.firn");
    refuse(Files.readAllBytes(golden), "version 1");
    refuse(new byte[10240], "not a package");
    try (TestHome home = new TestHome(directory.resolve("home"))) {
      refuse(home.export(home.tree(target -> {}), PackageFormat.TAR), "no firn package");
    }
  }

  private void refuse(byte[] bytes, String part) {
    FirnException refusal =
        assertThrows(FirnException.class, () -> importFrom(new ByteArrayInputStream(bytes), true));
    assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
  }
}
