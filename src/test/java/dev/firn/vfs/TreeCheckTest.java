package dev.firn.vfs;

import static dev.firn.vfs.TestVolume.ROOT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.Bytes;
import dev.firn.base.Sizes;
import dev.firn.map.ExtentRef;
import dev.firn.map.FrozenMap;
import dev.firn.map.MapEditor;
import dev.firn.map.VolumeMap;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each rule of the keys, broken by hand. */
class TreeCheckTest {
  @TempDir Path directory;
  private TestVolume volume;
  private long folder;
  private long inner;
  private long file;
  private long unnamed;

  @BeforeEach
  void fill() throws IOException {
    volume = new TestVolume(directory, Sizes.GIB, Clock.systemUTC());
    folder = volume.directory(ROOT, "folder");
    inner = volume.directory(folder, "inner");
    file = volume.file(folder, "file");
    volume.write(file, 0, new byte[] {1, 2, 3});
    byte[] data = new byte[100_000];
    Arrays.fill(data, (byte) 7);
    volume.write(file, 200_000, data);
    volume.files.link(file, inner, TestVolume.name("second"));
    volume.files.setXattr(file, TestVolume.name("user.name"), new byte[9000], 0);
    volume.files.makeSymbolicLink(
        ROOT, TestVolume.name("link"), TestVolume.name("folder/file"), 0, 0);
    unnamed = volume.file("unnamed", "still in use");
    volume.files.open(unnamed, false);
    volume.files.unlink(ROOT, TestVolume.name("unnamed"));
    volume.files.syncAll();
    assertEquals(List.of(), problems());
  }

  @AfterEach
  void close() throws IOException {
    volume.close();
  }

  private List<String> problems() throws IOException {
    List<String> problems = new ArrayList<>();
    try (FrozenMap root = volume.map.freezeUnsealed()) {
      TreeCheck.run(root, (inode, problem) -> problems.add(inode + " " + problem));
    }
    return problems;
  }

  private void edit(VolumeMap.EditAction<?> action) throws IOException {
    // What the file system knows better must not be put back.
    volume.map.setSealHook(editor -> {});
    volume.map.write(action);
  }

  @Test
  void aDiskHasOneFile() throws IOException {
    edit(
        editor -> {
          VolumeCounters counters = VolumeCounters.load(editor);
          counters.isDisk = true;
          counters.changed();
          counters.save(editor);
          return null;
        });
    assertEquals(
        List.of("0 is a disk, but holds something else than one file disk.raw"), problems());
  }

  private interface Change {
    void apply(Inode inode);
  }

  private void change(long number, Change change) throws IOException {
    edit(
        editor -> {
          Inode inode = Tree.inode(editor, number);
          change.apply(inode);
          editor.put(Keys.inode(number), InodeCodec.encode(inode));
          return null;
        });
  }

  private static Object delete(MapEditor editor, byte[] key) throws IOException {
    assertTrue(editor.delete(key));
    return null;
  }

  @Test
  void aNameThatLeadsNowhere() throws IOException {
    edit(editor -> delete(editor, Keys.inode(inner)));
    assertTrue(
        problems()
            .contains(
                folder + " has a name that leads to inode " + inner + ", which is not there"));
    assertTrue(problems().contains(inner + " has a key of kind 3 but no attributes"));
  }

  @Test
  void aNameTooFew() throws IOException {
    edit(editor -> delete(editor, Keys.entry(inner, TestVolume.name("second"))));
    assertEquals(
        List.of(
            inner + " says 38 bytes of names where there are 0",
            file + " says 2 names where there are 1"),
        problems());
  }

  @Test
  void aNameTooMany() throws IOException {
    change(file, inode -> inode.linkCount = 1);
    assertEquals(List.of(file + " says 1 names where there are 2"), problems());
  }

  @Test
  void aFileWithNoNameLeft() throws IOException {
    change(file, inode -> inode.linkCount = 0);
    assertTrue(problems().contains(file + " has no name, and is not listed as such"));
    assertTrue(problems().contains(file + " says that it has no name, but has one in " + folder));
  }

  @Test
  void aDirectoryInTheWrongPlace() throws IOException {
    change(inner, inode -> inode.parent = ROOT);
    assertEquals(List.of(inner + " is in directory " + folder + ", not in " + ROOT), problems());
  }

  @Test
  void aDirectoryWithWrongLinks() throws IOException {
    change(folder, inode -> inode.linkCount = 7);
    assertEquals(List.of(folder + " says 7 links where there are 3"), problems());
  }

  @Test
  void aTypeThatIsNotTheNames() throws IOException {
    change(file, inode -> inode.mode = FileMode.FIFO | 0644);
    assertTrue(problems().contains(file + " is of another type than its name says"));
  }

  @Test
  void dataBeyondTheEnd() throws IOException {
    change(file, inode -> inode.sizeBytes = 250_000);
    assertEquals(List.of(file + " has data up to 300000, beyond its size of 250000"), problems());
  }

  @Test
  void dataTwice() throws IOException {
    edit(
        editor -> {
          editor.put(Keys.extent(file, 200_001), ExtentRef.inline(new byte[5]).encode());
          return null;
        });
    assertTrue(problems().contains(file + " has two runs of data at 200001"), problems() + "");
  }

  @Test
  void dataThatIsMissing() throws IOException {
    edit(editor -> delete(editor, Keys.extent(file, 0)));
    assertEquals(List.of(file + " says 100003 bytes of data where there are 100000"), problems());
  }

  @Test
  void attributesThatAreMissing() throws IOException {
    edit(editor -> delete(editor, Keys.xattr(file, TestVolume.name("user.name"), 1)));
    assertEquals(List.of(file + " says 9009 bytes of attributes where there are 4913"), problems());
  }

  @Test
  void aListOfUnnamedFilesThatIsWrong() throws IOException {
    edit(editor -> delete(editor, Keys.orphan(unnamed)));
    assertEquals(List.of(unnamed + " has no name, and is not listed as such"), problems());
    edit(
        editor -> {
          editor.put(Keys.orphan(file), new byte[] {1});
          return null;
        });
    assertTrue(problems().contains(file + " is listed as one without a name, but is none"));
  }

  @Test
  void countersThatAreWrong() throws IOException {
    edit(
        editor -> {
          byte[] value = editor.get(Keys.meta()).value().clone();
          Bytes.putLong(value, 8, file);
          Bytes.putLong(value, 16, 99);
          Bytes.putLong(value, 24, 1);
          editor.put(Keys.meta(), value);
          return null;
        });
    List<String> problems = problems();
    assertEquals("0 says 99 inodes where there are 6", problems.get(0));
    assertTrue(problems.get(1).startsWith("0 says 1 used bytes where there are "));
    assertEquals("0 would give inode number " + file + " out again", problems.get(2));
    edit(editor -> delete(editor, Keys.meta()));
    assertEquals(List.of("0 has no counters"), problems());
  }

  @Test
  void aKeyOfNoKind() throws IOException {
    edit(
        editor -> {
          byte[] key = Keys.inode(file);
          key[8] = 77;
          editor.put(key, new byte[] {1});
          return null;
        });
    assertEquals(List.of(file + " has a key of unknown kind 77"), problems());
  }

  @Test
  void noRoot() throws IOException {
    change(ROOT, inode -> inode.parent = folder);
    assertEquals(List.of(ROOT + " is no root directory"), problems());
  }
}
