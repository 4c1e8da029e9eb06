package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import dev.firn.base.Bytes;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.vfs.FileMode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Packages whose digests are all right, and whose content is not. */
class HostilePackageTest {
  private static final int FILE = FileMode.REGULAR | 0644;
  private static final byte[] DATA = Bytes.utf8("0123456789");

  @TempDir Path directory;
  private TestHome home;

  @BeforeEach
  void open() throws IOException {
    home = new TestHome(directory);
  }

  @AfterEach
  void close() throws IOException {
    home.close();
  }

  static TreeRecord.Inode inode(long parent, String name, int mode) {
    return inode(parent, name, mode, 1, 0, "");
  }

  private static TreeRecord.Inode inode(
      long parent, String name, int mode, int names, long size, String target) {
    return new TreeRecord.Inode(
        parent, mode, 0, 0, 0, names, size, 0, 0, 0, 0, Bytes.utf8(name), Bytes.utf8(target));
  }

  static TreeRecord.Inode root() {
    return inode(0, "", FileMode.DIRECTORY | 0755);
  }

  static TreeRecord.Inode file(String name) {
    return inode(0, name, FILE, 1, DATA.length, "");
  }

  static TreeRecord.Extent content() {
    return new TreeRecord.Extent(0, DATA.length, 0, 0);
  }

  /** A package of these records, with {@link #DATA} as its content, and an end that fits. */
  static byte[] pack(TreeRecord... records) throws IOException {
    return pack(manifest -> manifest, true, records);
  }

  static byte[] pack(UnaryOperator<Manifest> change, boolean end, TreeRecord... records)
      throws IOException {
    List<TreeRecord> all = new ArrayList<>(Arrays.asList(records));
    long inodes = all.stream().filter(r -> r instanceof TreeRecord.Inode).count();
    long links = all.stream().filter(r -> r instanceof TreeRecord.Link).count();
    long extents = all.stream().filter(r -> r instanceof TreeRecord.Extent).count();
    if (end) {
      all.add(new TreeRecord.End(inodes, links, extents, DATA.length));
    }
    ByteArrayOutputStream tree = new ByteArrayOutputStream();
    for (TreeRecord record : all) {
      byte[] bytes = new byte[PackageLayout.RECORD_HEADER_BYTES + record.bodyBytes()];
      bytes[0] = (byte) record.type();
      Bytes.putInt(bytes, 1, record.bodyBytes());
      record.put(bytes, PackageLayout.RECORD_HEADER_BYTES);
      tree.writeBytes(bytes);
    }
    return pack(change, tree.toByteArray(), DATA, count(all, links));
  }

  private static Manifest.Counts count(List<TreeRecord> records, long links) {
    long directories = 0;
    long files = 0;
    long symbolicLinks = 0;
    long others = 0;
    long logicalBytes = 0;
    for (TreeRecord record : records) {
      if (record instanceof TreeRecord.Inode inode) {
        directories += FileMode.isDirectory(inode.mode()) ? 1 : 0;
        files += FileMode.isRegular(inode.mode()) ? 1 : 0;
        symbolicLinks += FileMode.isSymbolicLink(inode.mode()) ? 1 : 0;
        logicalBytes = Manifest.Counts.addLength(logicalBytes, inode.sizeBytes());
      } else if (record instanceof TreeRecord.Change changed) {
        logicalBytes = Manifest.Counts.addLength(logicalBytes, changed.sizeBytes());
      }
    }
    return new Manifest.Counts(
        directories, files, symbolicLinks, others, links, logicalBytes, DATA.length);
  }

  static byte[] pack(
      UnaryOperator<Manifest> change, byte[] tree, byte[] data, Manifest.Counts counts)
      throws IOException {
    byte[] treeMember = Zstd.compress(tree);
    byte[] dataMember = Zstd.compress(data);
    Manifest manifest =
        change.apply(
            manifest(
                null,
                null,
                new Manifest.SnapshotPart("snap-1", "s", "", TestHome.CREATED.toString(), Map.of()),
                new Manifest.VolumePart("v", 1L << 30),
                counts,
                List.of(
                    member("tree/00000.zst", treeMember, tree.length),
                    member("data/00000.zst", dataMember, data.length))));
    return assemble(manifest.toJson(), treeMember, dataMember);
  }

  static byte[] assemble(byte[] json, byte[] treeMember, byte[] dataMember) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Document.MANIFEST.write(bytes, json, null);
    PackageTar.write(bytes, "tree/00000.zst", treeMember);
    PackageTar.write(bytes, "data/00000.zst", dataMember);
    PackageTar.end(bytes);
    return bytes.toByteArray();
  }

  /** Of a package that has no contents behind it. */
  static Manifest manifest(
      Manifest.BasePart base,
      String signedBy,
      Manifest.SnapshotPart snapshot,
      Manifest.VolumePart volume,
      Manifest.Counts counts,
      List<Manifest.Member> members) {
    int version = base == null && signedBy == null ? 1 : 2;
    return new Manifest(
        PackageLayout.FORMAT, version, base, signedBy, snapshot, volume, counts, members);
  }

  /** The same package with its contents behind what they list; null if there is no telling. */
  static byte[] streamed(byte[] packed) throws IOException {
    PackageTar.Input input = new PackageTar.Input(new ByteArrayInputStream(packed), "test");
    Manifest listed;
    List<byte[]> bodies = new ArrayList<>();
    try {
      byte[] json = input.document(Document.MANIFEST);
      Document.MANIFEST.requireDigest(input, json, "test");
      listed = Manifest.parse(json, "test");
      for (Manifest.Member member : listed.members()) {
        bodies.add(input.member(member.name(), (int) member.bytes()));
      }
    } catch (FirnException e) {
      return null;
    }
    byte[] json = Manifest.of(listed.base(), null, listed.snapshot(), listed.volume()).toJson();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Document.MANIFEST.write(bytes, json, null);
    for (int i = 0; i < bodies.size(); i++) {
      PackageTar.write(bytes, listed.members().get(i).name(), bodies.get(i));
    }
    long offset = bytes.size();
    Contents contents =
        new Contents(Digests.sha256(json, json.length), listed.counts(), listed.members());
    Document.CONTENTS.write(bytes, contents.toJson(), null);
    PackageTar.write(bytes, PackageLayout.CONTENTS_OFFSET, PackageTar.offsetFile(offset));
    PackageTar.end(bytes);
    return bytes.toByteArray();
  }

  private static Manifest.Member member(String name, byte[] stored, long rawBytes) {
    return new Manifest.Member(
        name, stored.length, rawBytes, Digests.sha256(stored, stored.length));
  }

  /** Whether its contents come first or last. */
  private void refuse(byte[] packed, String... parts) throws IOException {
    refuseThis(packed, parts);
    byte[] streamed = streamed(packed);
    if (streamed != null) {
      refuseThis(streamed, parts);
    }
  }

  private void refuseThis(byte[] packed, String... parts) throws IOException {
    FirnException refusal = assertThrows(FirnException.class, () -> home.importFrom(packed));
    assertEquals(ErrorKind.CORRUPT, refusal.kind(), refusal.getMessage());
    for (String part : parts) {
      assertTrue(refusal.getMessage().contains(part), refusal.getMessage());
    }
    assertEquals(0, home.things(), "nothing is left behind");
  }

  @Test
  void soundOneIsTaken() throws IOException {
    byte[] sound = pack(root(), file("a"), content());
    home.importFrom(sound);
    home.importFrom(streamed(sound));
  }

  @Test
  void names() throws IOException {
    refuse(pack(root(), file(".."), content()), "'..'");
    refuse(pack(root(), file("."), content()), "'.'");
    refuse(pack(root(), file("../x"), content()), "'../x'");
    refuse(pack(root(), file("/etc/x"), content()), "'/etc/x'");
    refuse(pack(root(), file("a\0b"), content()), "a\\x00b");
    refuse(pack(root(), file(""), content()));
    refuse(pack(root(), file("x".repeat(256)), content()), "256");
    refuse(pack(root(), file("a"), content(), inode(0, "a", FILE)), "'a'", "twice");
    refuse(pack(root(), file("b"), content(), inode(0, "a", FILE)), "'a'", "order");
  }

  @Test
  void structure() throws IOException {
    refuse(pack(file("a"), content(), inode(0, "d", FileMode.DIRECTORY)), "root");
    refuse(pack(root(), file("a"), content(), inode(1, "b", FILE)), "'b'");
    refuse(pack(root(), file("a"), content(), inode(9, "b", FILE)), "'b'");
    refuse(pack(root(), file("a"), content(), root()));
    refuse(
        pack(
            root(),
            inode(0, "d", FileMode.DIRECTORY),
            file("e"),
            content(),
            inode(1, "closed", FILE)),
        "'closed'");
    refuse(pack(manifest -> manifest, false, root(), file("a"), content()), "no end");
    refuse(
        pack(root(), file("a"), content(), new TreeRecord.End(2, 0, 1, DATA.length)),
        "behind its end");
  }

  @Test
  void links() throws IOException {
    TreeRecord.Inode twice = inode(0, "a", FILE, 2, DATA.length, "");
    home.importFrom(pack(root(), twice, content(), new TreeRecord.Link(0, 1, Bytes.utf8("b"))));
    home.close();
    home = new TestHome(directory.resolve("other"));
    refuse(pack(root(), twice, content()), "hard links");
    refuse(pack(root(), twice, content(), new TreeRecord.Link(0, 7, Bytes.utf8("b"))), "'b'");
    refuse(pack(root(), twice, content(), new TreeRecord.Link(0, 0, Bytes.utf8("b"))), "'b'");
    refuse(pack(root(), file("a"), content(), new TreeRecord.Link(0, 1, Bytes.utf8("b"))), "'b'");
    refuse(pack(root(), twice, content(), new TreeRecord.Link(0, 1, Bytes.utf8("../b"))));
  }

  @Test
  void contents() throws IOException {
    refuse(pack(root(), file("a")), "no file has");
    refuse(pack(root(), file("a"), new TreeRecord.Extent(0, 9, 0, 0)), "no file has");
    refuse(pack(root(), file("a"), new TreeRecord.Extent(0, 11, 0, 0)), "longer");
    refuse(pack(root(), file("a"), new TreeRecord.Extent(1, 10, 0, 0)), "exceeds");
    refuse(pack(root(), file("a"), new TreeRecord.Extent(-1, 10, 0, 0)), "exceeds");
    refuse(pack(root(), file("a"), new TreeRecord.Extent(Long.MAX_VALUE, 10, 0, 0)));
    refuse(pack(root(), file("a"), new TreeRecord.Extent(0, -1, 0, 0)));
    refuse(pack(root(), file("a"), new TreeRecord.Extent(0, 10, 1, 0)));
    refuse(pack(root(), file("a"), new TreeRecord.Extent(0, 10, -1, 0)));
    refuse(pack(root(), file("a"), new TreeRecord.Extent(0, 5, 0, 5)), "order");
    refuse(pack(root(), file("a"), content(), content()));
    refuse(pack(root(), content()));
    refuse(pack(root(), inode(0, "p", FileMode.FIFO), content()));
    refuse(
        pack(
            root(),
            file("a"),
            new TreeRecord.Extent(0, 5, 0, 0),
            new TreeRecord.Extent(4, 5, 0, 5)),
        "overlaps");
  }

  @Test
  void attributes() throws IOException {
    refuse(pack(root(), inode(0, "a", 0), file("b"), content()), "'a'");
    refuse(pack(root(), inode(0, "a", FILE | 1 << 20), file("b"), content()), "'a'");
    refuse(pack(root(), inode(0, "a", FILE, 0, 0, ""), file("b"), content()), "'a'");
    refuse(pack(root(), inode(0, "a", FILE, 1, -1, ""), file("b"), content()));
    refuse(pack(root(), inode(0, "a", FILE, 1, 0, "target"), file("b"), content()), "'a'");
    refuse(pack(root(), inode(0, "a", FileMode.SYMBOLIC_LINK), file("b"), content()), "'a'");
    refuse(
        pack(
            root(),
            file("a"),
            content(),
            new TreeRecord.Xattr(Bytes.utf8("user.a"), DATA),
            new TreeRecord.Xattr(Bytes.utf8("user.a"), DATA)),
        "twice");
    refuse(
        pack(
            root(),
            file("a"),
            content(),
            new TreeRecord.Xattr(Bytes.utf8("user.a"), new byte[70_000])),
        "'a'");
  }

  @Test
  void records() throws IOException {
    Manifest.Counts counts = new Manifest.Counts(1, 0, 0, 0, 0, 10, 10);
    UnaryOperator<Manifest> same = manifest -> manifest;
    refuse(pack(same, new byte[64], DATA, counts), "type 0");
    refuse(pack(same, Arrays.copyOf(new byte[] {99}, 64), DATA, counts), "type 99");
    byte[] tooLong = Arrays.copyOf(new byte[] {1, -1, -1, -1, -1}, 64);
    refuse(pack(same, tooLong, DATA, counts), "longer than its member");
    refuse(pack(same, Arrays.copyOf(new byte[] {1, 5}, 64), DATA, counts), "too short");
    byte[] end = Arrays.copyOf(new byte[] {5, 31}, 64);
    refuse(pack(same, end, DATA, counts), "does not fit");
  }

  private static Manifest with(
      Manifest manifest, long volumeBytes, Manifest.Counts counts, List<Manifest.Member> members) {
    return manifest(
        null,
        null,
        manifest.snapshot(),
        new Manifest.VolumePart("v", volumeBytes),
        counts,
        members);
  }

  private void refuseManifest(UnaryOperator<Manifest> change, String... parts) throws IOException {
    refuse(pack(change, true, root(), file("a"), content()), parts);
  }

  @Test
  void volumeOfAPetabyte() throws IOException {
    refuseManifest(m -> with(m, 1L << 50, m.counts(), m.members()), "1125899906842624");
    refuseManifest(m -> with(m, 0, m.counts(), m.members()));
    refuseManifest(m -> with(m, -1, m.counts(), m.members()));
  }

  @Test
  void membersThatDeclareTooMuch() throws IOException {
    for (long raw : new long[] {1L << 50, 17 << 20, 0, -1, 9, 11}) {
      refuseManifest(
          m -> {
            Manifest.Member data = m.members().get(1);
            Manifest.Member changed =
                new Manifest.Member(data.name(), data.bytes(), raw, data.sha256());
            return with(m, 1L << 30, m.counts(), List.of(m.members().get(0), changed));
          });
    }
    for (long stored : new long[] {1L << 50, 0, -1}) {
      refuseManifest(
          m -> {
            Manifest.Member data = m.members().get(1);
            Manifest.Member changed =
                new Manifest.Member(data.name(), stored, data.rawBytes(), data.sha256());
            return with(m, 1L << 30, m.counts(), List.of(m.members().get(0), changed));
          });
    }
  }

  @Test
  void membersThatUnpackToMoreThanTheyDeclare() throws IOException {
    byte[] bomb = Zstd.compress(new byte[64 << 20]);
    byte[] small = pack(root(), file("a"), content());
    Manifest manifest = new PackageReader(new ByteArrayInputStream(small), "test").manifest();
    Manifest.Member tree = manifest.members().get(0);
    Manifest changed =
        with(
            manifest,
            1L << 30,
            manifest.counts(),
            List.of(tree, member("data/00000.zst", bomb, DATA.length)));
    byte[] treeBytes = treeBytes(small, manifest);
    refuse(assemble(changed.toJson(), treeBytes, bomb), "data/00000.zst");
  }

  private static byte[] treeBytes(byte[] packed, Manifest manifest) throws IOException {
    PackageTar.Input input = new PackageTar.Input(new ByteArrayInputStream(packed), "test");
    byte[] json = input.document(Document.MANIFEST);
    Document.MANIFEST.requireDigest(input, json, "test");
    return input.member("tree/00000.zst", (int) manifest.members().get(0).bytes());
  }

  @Test
  void membersOfOtherNames() throws IOException {
    for (String name : List.of("../x", "/etc/x", "data/00001.zst", "tree/00001.zst", "")) {
      refuseManifest(
          m -> {
            Manifest.Member data = m.members().get(1);
            Manifest.Member changed =
                new Manifest.Member(name, data.bytes(), data.rawBytes(), data.sha256());
            return with(m, 1L << 30, m.counts(), List.of(m.members().get(0), changed));
          });
    }
    refuseManifest(m -> with(m, 1L << 30, m.counts(), List.of()));
    refuseManifest(m -> with(m, 1L << 30, m.counts(), m.members().subList(0, 1)));
  }

  @Test
  void countsThatAreNotSo() throws IOException {
    refuseManifest(
        m -> with(m, 1L << 30, new Manifest.Counts(1, 2, 0, 0, 0, 10, 10), m.members()), "counts");
    refuseManifest(
        m ->
            with(
                m, 1L << 30, new Manifest.Counts(Long.MAX_VALUE, 1, 0, 0, 0, 10, 10), m.members()));
    refuseManifest(
        m -> with(m, 1L << 30, new Manifest.Counts(1, 1, 0, 0, 0, 11, 10), m.members()), "counts");
  }

  @Test
  void documentsThatDoNotFitIntoMemory() throws IOException {
    for (Document document : Document.values()) {
      byte[] begun = PackageTar.header(document.file(), PackageLayout.DOCUMENT_BYTES_MAX);
      PackageTar.Input input = new PackageTar.Input(new ByteArrayInputStream(begun), "test");
      FirnException refusal =
          assertThrows(FirnException.class, () -> input.document(document), document.file());
      assertEquals(ErrorKind.FAILED, refusal.kind(), refusal.getMessage());
      assertTrue(refusal.getMessage().contains("more memory"), refusal.getMessage());
    }
  }

  @Test
  void manifestsThatAreNone() throws IOException {
    byte[] small = pack(root(), file("a"), content());
    Manifest manifest = new PackageReader(new ByteArrayInputStream(small), "test").manifest();
    String good = Bytes.text(manifest.toJson());
    for (String bad :
        List.of(
            "{}",
            "",
            "null",
            "[".repeat(100_000),
            good + good,
            good.replace("\"members\"", "\"membres\""),
            good.replace("\"format\" : \"firn-package\"", "\"format\" : \"other\""),
            good.replace("\"snapshot\" : {", "\"snapshot\" : null, \"x\" : {"),
            good.replace("\"formatVersion\" : 1", "\"formatVersion\" : 0"),
            good.replace("\"formatVersion\" : 1", "\"formatVersion\" : 1, \"formatVersion\" : 1"),
            good.replace("2024-05-06T07:08:09.123456Z", "yesterday"),
            good.replace("\"sizeBytes\" : 1073741824", "\"sizeBytes\" : 1e99"),
            good.replace("\"sizeBytes\" : 1073741824", "\"sizeBytes\" : \"1\""))) {
      refuse(assemble(Bytes.utf8(bad), treeBytes(small, manifest), Zstd.compress(DATA)));
    }
  }

  @Test
  void newerFormatsAreNamedSo() throws IOException {
    byte[] small = pack(root(), file("a"), content());
    Manifest manifest = new PackageReader(new ByteArrayInputStream(small), "test").manifest();
    String good = Bytes.text(manifest.toJson());
    byte[] json =
        Bytes.utf8(good.replace("\"formatVersion\" : 1", "\"formatVersion\" : 5, \"news\" : true"));
    byte[] packed = assemble(json, treeBytes(small, manifest), Zstd.compress(DATA));
    FirnException refusal = assertThrows(FirnException.class, () -> home.importFrom(packed));
    assertEquals(ErrorKind.FAILED, refusal.kind());
    assertTrue(refusal.getMessage().contains("newer Firn"), refusal.getMessage());
  }
}
