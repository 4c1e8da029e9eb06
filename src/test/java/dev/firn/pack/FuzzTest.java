package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import dev.firn.base.Bytes;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.region.ImportRequest;
import dev.firn.region.SnapshotImport;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.VolumeKind;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Whatever comes in as a package or archive: it is imported whole, or refused in one line with
 * nothing left behind; and it takes neither long nor much memory for that.
 */
class FuzzTest {
  private static final long VOLUME_BYTES = 64L << 20;
  private static final long ALLOCATED_BYTES_MAX = 200L << 20;
  private static final long SECONDS_MAX = 60;
  private static final int WALK_MAX = 10_000;
  private static final Set<ErrorKind> REFUSALS =
      EnumSet.of(
          ErrorKind.CORRUPT,
          ErrorKind.NO_SPACE,
          ErrorKind.NOT_FOUND,
          ErrorKind.CONFLICT,
          ErrorKind.USAGE,
          ErrorKind.FAILED);
  private static final Pattern NUMBER = Pattern.compile("-?\\d+");
  private static final String[] NUMBERS = {
    "0", "-1", "1", "9223372036854775807", "2147483648", "16777217", "1e9", "null", "\"1\"", "{}"
  };
  private static final long[] EXTREMES = {
    0,
    1,
    -1,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    4096,
    255,
    1L << 40
  };

  private static Path directory;
  private static TestHome home;
  private static byte[] full;
  private static byte[] incremental;
  private static List<byte[]> files;

  @BeforeContainer
  static void open() throws IOException {
    directory = Files.createTempDirectory("firn-fuzz");
    home = new TestHome(directory.resolve("home"));
    Random random = new Random(1);
    FileSystem before = home.tree(target -> fill(target, random));
    full = home.export(before, PackageFormat.FIRN);
    incremental = incremental();
    ByteArrayOutputStream signed = new ByteArrayOutputStream();
    Exporter.write(
        ExportSource.full(TestHome.snapshot(), before),
        PackageFormat.FIRN,
        Signer.generate(directory.resolve("key")),
        signed,
        ProgressListener.NONE);
    FileSystem plain =
        home.tree(
            target -> {
              long d = target.makeDirectory(1, Bytes.utf8("d"), 0755, 1, 2).inode();
              Trees.file(target, d, "f", Trees.random(random, 9000));
              Trees.file(target, d, "g", new byte[50_000]);
              target.makeSymbolicLink(d, Bytes.utf8("l"), Bytes.utf8("f"), 1, 2);
            });
    files =
        List.of(
            full,
            incremental,
            signed.toByteArray(),
            home.export(before, PackageFormat.TAR),
            home.export(before, PackageFormat.TAR_GZ),
            home.export(before, PackageFormat.TAR_ZST),
            home.export(plain, PackageFormat.ZIP));
  }

  @AfterContainer
  static void close() throws IOException {
    home.close();
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }

  private static void fill(FileSystem target, Random random) throws IOException {
    Trees.fillRandomly(target, random, 25);
    // Small files only: one member each of tree and data.
    long d = target.makeDirectory(1, Bytes.utf8("d"), 0755, 0, 0).inode();
    Trees.file(target, d, "f", Trees.random(random, 20_000));
  }

  /** By hand, of records that the full one's tree fits. */
  private static byte[] incremental() throws IOException {
    FileSystem files = restored(full);
    Attributes root = files.getAttributes(1);
    Attributes d = files.lookup(1, Bytes.utf8("d"));
    Attributes f = files.lookup(d.inode(), Bytes.utf8("f"));
    int stays = TreeRecord.Base.STAYS;
    TreeRecord[] records = {
      base(0, stays, root, ""),
      base(0, stays | TreeRecord.Base.GONE, d, "d"),
      base(1, stays, f, "f"),
      HostilePackageTest.file("a"),
      HostilePackageTest.content(),
      new TreeRecord.Link(0, 1, Bytes.utf8("moved")),
      new TreeRecord.Link(0, 2, Bytes.utf8("second")),
      new TreeRecord.Change(0, root.mode(), 0, 0, 0, 7, 0, 7, 0),
      new TreeRecord.Change(2, 0100600, 7, 8, 25_000, 7, 0, 7, 0),
      new TreeRecord.Hole(4096, 8192),
      new TreeRecord.Xattr(Bytes.utf8("user.x"), new byte[9])
    };
    return HostilePackageTest.pack(m -> based(m), true, records);
  }

  private static Manifest based(Manifest manifest) {
    return HostilePackageTest.manifest(
        Manifest.basePart(TestHome.snapshot()),
        null,
        manifest.snapshot(),
        new Manifest.VolumePart("v", VOLUME_BYTES),
        manifest.counts(),
        manifest.members());
  }

  private static TreeRecord base(long parent, int flags, Attributes attributes, String name) {
    return new TreeRecord.Base(
        parent,
        flags,
        attributes.mode(),
        attributes.isRegular() ? attributes.sizeBytes() : 0,
        attributes.modifySeconds(),
        attributes.modifyNanos(),
        Bytes.utf8(name));
  }

  private static FileSystem restored(byte[] bytes) throws IOException {
    return home.importFrom(bytes);
  }

  @Property(tries = 200, shrinking = ShrinkingMode.OFF)
  void filesWithAnyDamage(@ForAll long seed) throws Exception {
    Random random = new Random(seed);
    take(mutate(files.get(random.nextInt(files.size())), random));
  }

  /** Digests are right, so that what is behind them is reached. */
  @Property(tries = 200, shrinking = ShrinkingMode.OFF)
  void packagesThatSayAnything(@ForAll long seed) throws Exception {
    Random random = new Random(seed);
    byte[] original = random.nextBoolean() ? full : incremental;
    PackageTar.Input input = new PackageTar.Input(new ByteArrayInputStream(original), "it");
    byte[] json = input.document(Document.MANIFEST);
    Document.MANIFEST.requireDigest(input, json, "it");
    Manifest manifest = listed(Manifest.parse(json, "it"), original);
    byte[] tree = raw(input, manifest.members().get(0));
    byte[] data = raw(input, manifest.members().get(1));
    switch (random.nextInt(4)) {
      case 0 -> {
        String text = Bytes.text(manifest.toJson());
        for (int i = 0; i <= random.nextInt(3); i++) {
          text = withAnotherNumber(text, random);
        }
        takeEitherWay(
            HostilePackageTest.assemble(
                Bytes.utf8(text), Zstd.compress(tree), Zstd.compress(data)));
      }
      case 1 -> takeEitherWay(packed(manifest, mutate(tree, random), data));
      case 2 -> takeEitherWay(packed(manifest, tree, mutate(data, random)));
      default -> takeEitherWay(packed(manifest, withAnotherField(tree, random), data));
    }
  }

  private static Manifest listed(Manifest manifest, byte[] bytes) throws IOException {
    if (!manifest.contentsFollow()) {
      return manifest;
    }
    Manifest whole = TestHome.manifest(bytes);
    return HostilePackageTest.manifest(
        whole.base(), null, whole.snapshot(), whole.volume(), whole.counts(), whole.members());
  }

  /** With the contents in front, and behind. */
  private static void takeEitherWay(byte[] packed) throws Exception {
    take(packed);
    byte[] streamed = HostilePackageTest.streamed(packed);
    if (streamed != null) {
      take(streamed);
    }
  }

  private static byte[] raw(PackageTar.Input input, Manifest.Member member) throws IOException {
    byte[] stored = input.member(member.name(), (int) member.bytes());
    return FrameReader.open(member, stored, new byte[(int) member.rawBytes()], "it");
  }

  private static byte[] packed(Manifest like, byte[] tree, byte[] data) throws IOException {
    Manifest.Counts c = like.counts();
    Manifest.Counts counts =
        new Manifest.Counts(
            c.directories(),
            c.files(),
            c.symbolicLinks(),
            c.others(),
            c.hardLinks(),
            c.logicalBytes(),
            data.length);
    return HostilePackageTest.pack(
        m ->
            HostilePackageTest.manifest(
                like.base(), null, like.snapshot(), like.volume(), counts, m.members()),
        tree,
        data,
        counts);
  }

  private static String withAnotherNumber(String text, Random random) {
    List<int[]> found =
        NUMBER.matcher(text).results().map(m -> new int[] {m.start(), m.end()}).toList();
    int[] one = found.get(random.nextInt(found.size()));
    String number = NUMBERS[random.nextInt(NUMBERS.length)];
    return text.substring(0, one[0]) + Matcher.quoteReplacement(number) + text.substring(one[1]);
  }

  /** Records stay records. */
  private static byte[] withAnotherField(byte[] tree, Random random) {
    byte[] changed = tree.clone();
    int records = 0;
    for (int at = 0; at < tree.length; at += 5 + Bytes.getInt(tree, at + 1)) {
      records++;
    }
    for (int i = 0; i <= random.nextInt(3); i++) {
      int wanted = random.nextInt(records);
      int at = 0;
      for (int j = 0; j < wanted; j++) {
        at += 5 + Bytes.getInt(tree, at + 1);
      }
      int length = Bytes.getInt(tree, at + 1);
      long value = EXTREMES[random.nextInt(EXTREMES.length)];
      int offset = at + 5 + random.nextInt(Math.max(1, length));
      for (int b = 0; b < 1 << random.nextInt(4) && offset + b < at + 5 + length; b++) {
        changed[offset + b] = (byte) (value >>> 8 * b);
      }
      if (random.nextInt(8) == 0) {
        changed[at] = (byte) random.nextInt(10);
      }
    }
    return changed;
  }

  private static byte[] mutate(byte[] original, Random random) {
    byte[] bytes = original;
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes && bytes.length > 16; i++) {
      int at = random.nextInt(bytes.length);
      int length = Math.min(bytes.length - at, 1 + random.nextInt(600));
      switch (random.nextInt(8)) {
        case 0 -> bytes = Arrays.copyOf(bytes, at);
        case 1 -> bytes = joined(Arrays.copyOf(bytes, at), tail(bytes, at + length));
        case 2 -> bytes = joined(Arrays.copyOf(bytes, at + length), tail(bytes, at));
        case 3 ->
            bytes =
                joined(
                    joined(Arrays.copyOf(bytes, at), Trees.random(random, length)),
                    tail(bytes, at));
        case 4 -> {
          bytes = bytes.clone();
          Arrays.fill(bytes, at, at + length, (byte) random.nextInt(256));
        }
        case 5 -> {
          bytes = bytes.clone();
          long value = EXTREMES[random.nextInt(EXTREMES.length)];
          for (int b = 0; b < 8 && at + b < bytes.length; b++) {
            bytes[at + b] = (byte) (value >>> 8 * b);
          }
        }
        default -> {
          bytes = bytes.clone();
          bytes[at] ^= (byte) (1 << random.nextInt(8));
        }
      }
    }
    return bytes;
  }

  private static byte[] tail(byte[] bytes, int from) {
    return Arrays.copyOfRange(bytes, from, bytes.length);
  }

  private static byte[] joined(byte[] a, byte[] b) {
    byte[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  private static void take(byte[] bytes) throws Exception {
    long allocated =
        WatchedWork.run(
            SECONDS_MAX,
            () -> {
              takeWatched(bytes);
              return null;
            });
    assertTrue(allocated < ALLOCATED_BYTES_MAX, () -> "it takes " + allocated + " bytes");
  }

  private static void takeWatched(byte[] bytes) throws IOException {
    long things = home.things();
    Target target = new Target();
    try {
      Importer.importFrom(
          target,
          new ByteArrayInputStream(bytes),
          null,
          new ImportOptions(null, VOLUME_BYTES),
          home.spool(),
          ProgressListener.NONE);
      assertTrue(target.published);
    } catch (FirnException e) {
      assertTrue(REFUSALS.contains(e.kind()), e.toString());
      assertFalse(e.getMessage().contains("\n"), e.getMessage());
      assertFalse(target.published);
    }
    assertEquals(things, home.things());
    browse(bytes);
    assertEquals(things, home.things());
  }

  /** As a mount, alone and as a change. */
  private static void browse(byte[] bytes) throws IOException {
    Path file = Files.write(directory.resolve("browsed"), bytes);
    browse(List.of(file));
    browse(List.of(Files.write(directory.resolve("base"), full), file));
  }

  private static void browse(List<Path> chain) throws IOException {
    try (PackageFileSystem files =
        new PackageFileSystem(chain, home.spool(), Trust.ALL, ProgressListener.NONE)) {
      walk(files);
    } catch (FirnException e) {
      assertTrue(REFUSALS.contains(e.kind()), e.toString());
    }
  }

  private static void walk(FileSystem files) throws IOException {
    try {
      TreeWalker.walk(
          files,
          new TreeWalker.Visitor() {
            private int visited;

            @Override
            public void inode(Place place, Attributes attributes) throws IOException {
              if (visited++ > WALK_MAX) {
                throw new IOException("enough");
              }
              for (byte[] name : files.listXattrs(attributes.inode())) {
                files.getXattr(attributes.inode(), name);
              }
              if (attributes.isRegular()) {
                files.read(attributes.inode(), 0, ByteBuffer.allocate(4096));
                files.read(
                    attributes.inode(),
                    Math.max(0, attributes.sizeBytes() - 4096),
                    ByteBuffer.allocate(4096));
              } else if (attributes.isSymbolicLink()) {
                files.readLink(attributes.inode());
              }
            }

            @Override
            public void link(Place place, Attributes attributes, Place first) {}
          });
    } catch (IOException damaged) {
      // EIO, for whoever reads that file.
    }
  }

  /** A volume that goes again whatever comes of the import. */
  private static final class Target implements Importer.Sink {
    private boolean published;

    @Override
    public SnapshotImport begin(ImportRequest request) throws IOException {
      SnapshotImport inner = home.sink().begin(request);
      return new SnapshotImport() {
        @Override
        public FileSystem target() {
          return inner.target();
        }

        @Override
        public void resize(long volumeSizeBytes) throws IOException {
          inner.resize(volumeSizeBytes);
        }

        @Override
        public Snapshot publish() throws IOException {
          walk(inner.target());
          published = true;
          return new Snapshot(
              "snap-00000000",
              1,
              null,
              1,
              Snapshot.NO_VOLUME_ID,
              "",
              VolumeKind.FILESYSTEM,
              SnapshotState.COMPLETED,
              100,
              "",
              VOLUME_BYTES,
              TestHome.CREATED,
              Map.of(),
              null,
              Snapshot.OWNER_ACCOUNT_ID,
              "snap-00000000");
        }

        @Override
        public void close() throws IOException {
          inner.close();
        }
      };
    }

    @Override
    public SnapshotImport begin(ImportRequest request, Manifest.BasePart base, String identity)
        throws IOException {
      SnapshotImport session = begin(request);
      if (base == null) {
        return session;
      }
      try {
        new PackageReader(new ByteArrayInputStream(full), "the base")
            .restore(session.target(), home.spool(), ProgressListener.NONE);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return session;
    }
  }
}
