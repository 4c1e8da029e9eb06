package dev.firn.vfs;

import static dev.firn.vfs.ModelComparison.compareContent;
import static dev.firn.vfs.ModelComparison.compareTrees;
import static dev.firn.vfs.TestVolume.ROOT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.firn.Seeds;
import dev.firn.base.Bytes;
import dev.firn.base.Sizes;
import dev.firn.map.FrozenMap;
import dev.firn.vfs.ModelTree.Node;
import dev.firn.vfs.SetAttributes.TimeChange;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same random operations on a volume and on {@link ModelTree}: the same answers and, now and
 * then, the same trees; freezes on the way must equal the model's copy of their moment, and the
 * volume is closed and opened on the way.
 */
class VolumeModelTest {
  private static final int STEPS = 20_000;
  private static final int SIZE_MAX = 400_000;

  /** An inode in both worlds. */
  private record Pair(long inode, Node node) {}

  private record OpenFile(long handle, Pair file) {}

  private record Freeze(FrozenFileSystem files, ModelTree model) {}

  /** What both worlds do; throws the errno that they answer. */
  @FunctionalInterface
  private interface Step {
    void run() throws IOException;
  }

  /** Stands still during a step. */
  private final class StepClock extends Clock {
    @Override
    public Instant instant() {
      return Instant.ofEpochSecond(model.now, 7);
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  @TempDir Path directory;
  private final Random random = Seeds.random("VolumeModelTest");
  private final ModelTree model = new ModelTree(1);
  private TestVolume volume;
  private VolumeFileSystem files;
  private final List<OpenFile> open = new ArrayList<>();
  private final List<Freeze> freezes = new ArrayList<>();
  private int answered;

  @Test
  void aVolumeDoesAsTheModel() throws IOException {
    volume = new TestVolume(directory, Sizes.GIB, new StepClock());
    files = volume.files;
    for (int step = 0; step < STEPS; step++) {
      model.now++;
      step();
      if (step % 500 == 0) {
        compareTrees(files, model);
      }
      if (step % 1500 == 700) {
        freezes.add(new Freeze(volume.freeze(), model.copy()));
      }
      if (step % 4000 == 3999) {
        reopen(random.nextBoolean());
      }
    }
    compareTrees(files, model);
    for (Freeze freeze : freezes) {
      compareTrees(freeze.files(), freeze.model());
    }
    try (FrozenMap head = volume.map.freeze()) {
      TreeCheck.run(head, (inode, problem) -> fail("inode " + inode + " " + problem));
    }
    assertEquals(volume.countedBytes(), volume.usedBytes(), "used bytes are exact");
    assertTrue(answered > STEPS / 3, "most steps should succeed");
    volume.close();
  }

  private void reopen(boolean crash) throws IOException {
    for (Freeze freeze : freezes) {
      compareTrees(freeze.files(), freeze.model());
    }
    // They are held by the store that is closed now.
    freezes.clear();
    open.clear();
    if (crash) {
      volume.reopenAfterCommit();
    } else {
      volume.reopen();
    }
    files = volume.files;
    compareTrees(files, model);
  }

  /** Runs both; the model's refusal must be the volume's. */
  private void both(Step onModel, Step onVolume) throws IOException {
    Errno expected = errno(onModel);
    Errno actual = errno(onVolume);
    assertEquals(expected, actual);
    answered += expected == null ? 1 : 0;
  }

  private static Errno errno(Step step) throws IOException {
    try {
      step.run();
      return null;
    } catch (ErrnoException e) {
      return e.errno();
    }
  }

  private void step() throws IOException {
    switch (random.nextInt(27)) {
      case 0, 1 -> make();
      case 2 -> link();
      case 3 -> remove();
      case 4, 5 -> rename();
      case 6, 7, 8, 9 -> write();
      case 10, 11 -> append();
      case 12 -> truncate();
      case 13 -> zero();
      case 14 -> copyRange();
      case 15 -> attributes();
      case 16, 17 -> xattr();
      case 18 -> openOrRelease();
      case 19, 20 -> read();
      case 21, 22 -> writeAndSync();
      case 23 -> makeTemporary();
      case 24 -> copyOutOfFreeze();
      case 25 -> dropPrivileges();
      default -> {
        if (random.nextInt(10) == 0) {
          files.syncAll();
        }
        list();
      }
    }
  }

  private String someName() {
    return "n" + random.nextInt(8);
  }

  /** Some inode: reached by a random walk, or open without a name. */
  private Pair someInode() throws IOException {
    if (!open.isEmpty() && random.nextInt(5) == 0) {
      return open.get(random.nextInt(open.size())).file();
    }
    Pair at = new Pair(ROOT, model.root);
    while (at.node().isDirectory() && random.nextInt(6) != 0) {
      Pair next = child(at, someName());
      if (next == null) {
        break;
      }
      at = next;
    }
    return at;
  }

  private Pair someDirectory() throws IOException {
    Pair at = someInode();
    while (!at.node().isDirectory() && random.nextInt(20) != 0) {
      at = someInode();
    }
    return at;
  }

  private Pair someFile() throws IOException {
    Pair at = someInode();
    for (int i = 0; i < 20 && !FileMode.isRegular(at.node().mode); i++) {
      at = someInode();
    }
    return at;
  }

  private Pair child(Pair parent, String name) throws IOException {
    Node node = parent.node().children.get(name);
    if (node == null) {
      NamespaceTest.assertErrno(Errno.ENOENT, () -> volume.lookup(parent.inode(), name));
      return null;
    }
    return new Pair(volume.lookup(parent.inode(), name).inode(), node);
  }

  private void make() throws IOException {
    Pair parent = someDirectory();
    String name = someName();
    byte[] bytes = TestVolume.name(name);
    int permissions = random.nextInt(07777 + 1);
    int uid = random.nextInt(3);
    int gid = random.nextInt(3);
    long p = parent.inode();
    switch (random.nextInt(6)) {
      case 0 ->
          both(
              () ->
                  model.make(
                      parent.node(), name, FileMode.DIRECTORY | permissions, 0, uid, gid, null),
              () -> files.makeDirectory(p, bytes, permissions, uid, gid));
      case 1 -> {
        byte[] target = TestVolume.name("t".repeat(1 + random.nextInt(600)));
        int mode = FileMode.SYMBOLIC_LINK | 0777;
        both(
            () -> model.make(parent.node(), name, mode, 0, uid, gid, target),
            () -> files.makeSymbolicLink(p, bytes, target, uid, gid));
      }
      case 2 -> {
        int mode = permissions | (random.nextBoolean() ? FileMode.FIFO : FileMode.BLOCK_DEVICE);
        int device = (mode & FileMode.TYPE_MASK) == FileMode.FIFO ? 0 : random.nextInt();
        both(
            () -> model.make(parent.node(), name, mode, device, uid, gid, null),
            () -> files.makeNode(p, bytes, mode, device, uid, gid));
      }
      default -> {
        int mode = FileMode.REGULAR | permissions;
        both(
            () -> model.make(parent.node(), name, mode, 0, uid, gid, null),
            () -> files.makeNode(p, bytes, mode, 0, uid, gid));
      }
    }
  }

  /** Held by an open handle alone; {@link #link} may give it a name. */
  private void makeTemporary() throws IOException {
    Pair parent = someDirectory();
    int permissions = random.nextInt(07777 + 1);
    Node[] node = new Node[1];
    long[] inode = new long[1];
    both(
        () -> node[0] = model.makeTemporary(parent.node(), FileMode.REGULAR | permissions, 1, 2),
        () -> inode[0] = files.makeTemporary(parent.inode(), permissions, 1, 2).inode());
    if (node[0] != null) {
      long handle = files.open(inode[0], true);
      files.forget(inode[0], 1);
      open.add(new OpenFile(handle, new Pair(inode[0], node[0])));
    }
  }

  private void link() throws IOException {
    Pair target = someInode();
    Pair parent = someDirectory();
    String name = someName();
    both(
        () -> model.link(target.node(), parent.node(), name),
        () -> files.link(target.inode(), parent.inode(), TestVolume.name(name)));
  }

  private void remove() throws IOException {
    Pair parent = someDirectory();
    String name = someName();
    byte[] bytes = TestVolume.name(name);
    boolean directory = random.nextInt(3) == 0;
    both(
        () -> model.remove(parent.node(), name, directory),
        () -> {
          if (directory) {
            files.removeDirectory(parent.inode(), bytes);
          } else {
            files.unlink(parent.inode(), bytes);
          }
        });
  }

  private void rename() throws IOException {
    Pair parent = someDirectory();
    Pair newParent = someDirectory();
    String name = someName();
    String newName = someName();
    int flags = random.nextInt(3);
    byte[] bytes = TestVolume.name(name);
    byte[] newBytes = TestVolume.name(newName);
    both(
        () -> model.rename(parent.node(), name, newParent.node(), newName, flags),
        () -> files.rename(parent.inode(), bytes, newParent.inode(), newBytes, flags));
  }

  /** Noise with stretches of zeros. */
  private byte[] someBytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    if (random.nextInt(3) == 0) {
      int from = random.nextInt(length);
      Arrays.fill(bytes, from, from + random.nextInt(length - from + 1), (byte) 0);
    }
    return bytes;
  }

  private int someLength() {
    int[] lengths = {1, 10, 500, 513, 4096, 5000, 40_000, 65_536, 131_072, 200_000};
    int greatest = lengths[random.nextInt(lengths.length)];
    return random.nextBoolean() ? greatest : 1 + random.nextInt(greatest);
  }

  private void write() throws IOException {
    int length = someLength();
    writeAt(someFile(), random.nextInt(SIZE_MAX - length), someBytes(length));
  }

  private void append() throws IOException {
    Pair file = someFile();
    for (int i = 0; i < 10; i++) {
      int offset = file.node().content.length;
      int length = Math.min(1 + random.nextInt(3000), SIZE_MAX - offset);
      if (length > 0) {
        writeAt(file, offset, someBytes(length));
      }
    }
  }

  /** Short writes over each other, and commits between: what was saved may change again. */
  private void writeAndSync() throws IOException {
    Pair file = someFile();
    for (int i = 0; i < 5; i++) {
      writeAt(file, random.nextInt(3000), someBytes(1 + random.nextInt(1000)));
      if (random.nextBoolean()) {
        files.sync(file.inode());
      }
      if (random.nextInt(3) == 0) {
        copyRange(file, 4000);
      }
    }
  }

  private void writeAt(Pair file, int offset, byte[] bytes) throws IOException {
    both(
        () -> model.write(file.node(), offset, bytes),
        () -> volume.write(file.inode(), offset, bytes.clone()));
  }

  private void truncate() throws IOException {
    Pair file = someFile();
    SetAttributes changes = SetAttributes.size(random.nextInt(SIZE_MAX));
    both(
        () -> model.setAttributes(file.node(), changes),
        () -> files.setAttributes(file.inode(), changes));
  }

  private void zero() throws IOException {
    Pair file = someFile();
    int length = someLength();
    int offset = random.nextInt(SIZE_MAX - length);
    boolean keepSize = random.nextBoolean();
    int mode = keepSize ? 3 : 16;
    both(
        () -> model.zero(file.node(), offset, length, keepSize),
        () -> files.allocate(file.inode(), mode, offset, length));
  }

  private void copyRange() throws IOException {
    Pair target = someFile();
    copyRange(target, SIZE_MAX);
  }

  private void copyRange(Pair target, int sizeMax) throws IOException {
    Pair source = random.nextInt(4) == 0 ? target : someFile();
    int length = Math.min(someLength(), sizeMax / 2);
    int from = random.nextInt(sizeMax - length);
    int to = random.nextInt(sizeMax - length);
    long[] counts = new long[2];
    both(
        () -> counts[0] = model.copyRange(source.node(), from, target.node(), to, length),
        () -> counts[1] = files.copyRange(source.inode(), from, target.inode(), to, length));
    assertEquals(counts[0], counts[1]);
  }

  private void copyOutOfFreeze() throws IOException {
    if (freezes.isEmpty()) {
      return;
    }
    Freeze freeze = freezes.get(random.nextInt(freezes.size()));
    Pair source = new Pair(ROOT, freeze.model().root);
    while (source.node().isDirectory() && !source.node().children.isEmpty()) {
      List<String> names = List.copyOf(source.node().children.keySet());
      String name = names.get(random.nextInt(names.size()));
      long inode = freeze.files().lookup(source.inode(), TestVolume.name(name)).inode();
      source = new Pair(inode, source.node().children.get(name));
    }
    Pair from = source;
    Pair target = someFile();
    int length = 1 + random.nextInt(SIZE_MAX / 2);
    int offset = random.nextInt(SIZE_MAX / 4);
    int to = random.nextInt(SIZE_MAX / 2);
    long[] counts = new long[2];
    both(
        () -> counts[0] = model.copyRange(from.node(), offset, target.node(), to, length),
        () ->
            counts[1] =
                files.copyRangeFrom(
                    freeze.files(), from.inode(), offset, target.inode(), to, length));
    assertEquals(counts[0], counts[1]);
  }

  private void dropPrivileges() throws IOException {
    Pair pair = someInode();
    both(() -> model.dropPrivileges(pair.node()), () -> files.dropPrivileges(pair.inode()));
  }

  private void attributes() throws IOException {
    Pair pair = someInode();
    Integer mode = random.nextBoolean() ? random.nextInt(010000) : null;
    Integer uid = random.nextBoolean() ? random.nextInt(5) : null;
    Integer gid = random.nextBoolean() ? random.nextInt(5) : null;
    TimeChange time = random.nextBoolean() ? TimeChange.at(random.nextInt(), 9) : null;
    SetAttributes changes = new SetAttributes(mode, uid, gid, null, time, time);
    both(
        () -> model.setAttributes(pair.node(), changes),
        () -> files.setAttributes(pair.inode(), changes));
  }

  private void xattr() throws IOException {
    Pair pair = someInode();
    int which = random.nextInt(5);
    String name = which == 0 ? ModelTree.CAPABILITY : "user." + which;
    byte[] bytes = TestVolume.name(name);
    if (random.nextInt(3) == 0) {
      both(
          () -> model.removeXattr(pair.node(), name), () -> files.removeXattr(pair.inode(), bytes));
      return;
    }
    byte[] value = new byte[random.nextInt(random.nextInt(5) == 0 ? 65_537 : 50)];
    random.nextBytes(value);
    int flags = random.nextInt(3);
    both(
        () -> model.setXattr(pair.node(), name, value, flags),
        () -> files.setXattr(pair.inode(), bytes, value, flags));
  }

  private void openOrRelease() throws IOException {
    if (open.size() < 5 && random.nextBoolean()) {
      Pair file = someFile();
      if (FileMode.isRegular(file.node().mode)) {
        open.add(new OpenFile(files.open(file.inode(), true), file));
      }
    } else if (!open.isEmpty()) {
      OpenFile closed = open.remove(random.nextInt(open.size()));
      Pair file = closed.file();
      compareContent(files, file.inode(), file.node());
      files.release(closed.handle());
      boolean used = open.stream().anyMatch(other -> other.file().equals(file));
      if (file.node().links == 0 && !used) {
        NamespaceTest.assertErrno(Errno.ENOENT, () -> files.getAttributes(file.inode()));
      }
    }
  }

  private void read() throws IOException {
    Pair file = someFile();
    if (!FileMode.isRegular(file.node().mode)) {
      return;
    }
    byte[] content = file.node().content;
    int from = random.nextInt(SIZE_MAX);
    int length = someLength();
    int end = Math.min(content.length, from + length);
    assertArrayEquals(
        from < end ? Arrays.copyOfRange(content, from, end) : new byte[0],
        TestVolume.read(files, file.inode(), from, length));
    checkSeek(file, from);
  }

  /** A hole must read as zeros; what is no zero must be data. */
  private void checkSeek(Pair file, int from) throws IOException {
    byte[] content = file.node().content;
    if (from >= content.length) {
      NamespaceTest.assertErrno(Errno.ENXIO, () -> files.seek(file.inode(), from, false));
      return;
    }
    int firstByte = from;
    while (firstByte < content.length && content[firstByte] == 0) {
      firstByte++;
    }
    long[] data = {content.length};
    errno(() -> data[0] = files.seek(file.inode(), from, false));
    assertTrue(data[0] >= from && data[0] <= firstByte);
    long hole = files.seek(file.inode(), from, true);
    assertTrue(hole >= from && hole <= content.length);
    assertTrue(hole == content.length || content[(int) hole] == 0);
  }

  private void list() throws IOException {
    Pair pair = someDirectory();
    if (pair.node().isDirectory()) {
      List<DirectoryEntry> entries = TestVolume.list(files, pair.inode(), 1 + random.nextInt(9));
      List<String> names = new ArrayList<>(List.of(".", ".."));
      names.addAll(pair.node().children.keySet());
      assertEquals(names, entries.stream().map(entry -> Bytes.text(entry.name())).toList());
    }
  }
}
