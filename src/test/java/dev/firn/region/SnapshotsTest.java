package dev.firn.region;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.base.Bytes;
import dev.firn.base.ErrorKind;
import dev.firn.base.Sizes;
import dev.firn.snapshot.FakeKernelCache;
import dev.firn.snapshot.Files;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import dev.firn.snapshot.SnapshotView;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SnapshotsTest {
  @TempDir Path directory;
  private Region region;

  @BeforeEach
  void makeVolume() throws IOException {
    open();
    region.createVolume(VolumeRequest.empty("data", Sizes.GIB));
  }

  @AfterEach
  void close() throws IOException {
    region.close();
  }

  private void write(String path, String content) throws IOException {
    try (FileSystem files = region.openVolume("data", false)) {
      new Files(files).write(path, content);
    }
  }

  private String read(String snapshot, String path) throws IOException {
    try (FileSystem files = region.openSnapshot(snapshot)) {
      return new Files(files).read(path);
    }
  }

  private Snapshot take(String name) throws IOException {
    return region.createSnapshot("data", name, null, Map.of());
  }

  @Test
  void completedSnapshotKeepsWhatTheVolumeWas() throws IOException {
    write("a", "one");
    Snapshot first =
        region.createSnapshot("data", "first", "of the start", Map.of("k", "v", "l", "w"));
    write("a", "two");
    Snapshot second = take(null);
    assertEquals(SnapshotState.COMPLETED, first.state());
    assertEquals(100, first.progress());
    assertEquals("of the start", first.description());
    assertEquals(Map.of("k", "v", "l", "w"), region.snapshot(first.id()).tags());
    assertEquals("data", first.volumeName());
    assertEquals(region.volume("data").id(), first.volumeId());
    assertEquals(Sizes.GIB, first.sizeBytes());
    assertEquals("one", read("first", "a"));
    assertEquals("two", read(second.id(), "a"));
    assertEquals(
        List.of(first.id(), second.id()),
        region.snapshots("data").stream().map(Snapshot::id).toList());
  }

  @Test
  void snapshotOfAnOpenVolumeHoldsAllThatWasWritten() throws IOException {
    try (FileSystem live = region.openVolume("data", false)) {
      Files files = new Files(live);
      files.write("a", "unsynced");
      take("open");
      files.write("a", "later");
      assertEquals("unsynced", read("open", "a"));
    }
  }

  @Test
  void rollbackKeepsTheOldHeadAndNewerSnapshots() throws IOException {
    write("a", "one");
    take("first");
    write("a", "two");
    take("second");
    write("a", "three");
    Snapshot kept = region.rollback("data", "first");
    assertTrue(kept.name().startsWith("before-rollback-"), kept.name());
    assertEquals("three", read(kept.id(), "a"));
    assertEquals("two", read("second", "a"));
    try (FileSystem live = region.openVolume("data", false)) {
      assertEquals("one", new Files(live).read("a"));
      new Files(live).write("b", "new");
    }
    region.rollback("data", "second");
    try (FileSystem live = region.openVolume("data", false)) {
      assertEquals("two", new Files(live).read("a"));
      assertFalse(new Files(live).exists("b"));
      Errors.of(ErrorKind.CONFLICT, "unmount it first", () -> region.rollback("data", "first"));
    }
  }

  @Test
  void rollbackOfTheWrongThingIsRefused() throws IOException {
    region.createVolume(VolumeRequest.empty("other", Sizes.GIB));
    region.createSnapshot("other", "elsewhere", null, Map.of());
    Errors.of(
        ErrorKind.CONFLICT, "not of volume 'data'", () -> region.rollback("data", "elsewhere"));
    Errors.of(ErrorKind.NOT_FOUND, "'nope'", () -> region.rollback("data", "nope"));
    Errors.of(ErrorKind.NOT_FOUND, "'nope'", () -> region.rollback("nope", "elsewhere"));
    assertEquals(List.of(), region.snapshots("data"));
  }

  @Test
  void rollbackKeepsTheSizeOfTheVolume() throws IOException {
    take("small");
    region.resizeVolume("data", 2 * Sizes.GIB);
    region.rollback("data", "small");
    try (FileSystem files = region.openVolume("data", false)) {
      assertEquals(2 * Sizes.GIB, files.status().totalBytes());
    }
  }

  @Test
  void referencesFindSnapshots() throws IOException {
    Snapshot a = take("a");
    Snapshot b = take(null);
    Snapshot c = take("c d+é:1");
    String volumeId = region.volume("data").id();
    for (String reference :
        List.of("a", "data@a", volumeId + "@a", a.id(), "data@" + a.id(), "data@-3")) {
      assertEquals(a, region.snapshot(reference), reference);
    }
    assertEquals(b, region.snapshot("data@-2"));
    assertEquals(c, region.snapshot("data@last"));
    assertEquals(c, region.snapshot("data@-1"));
    assertEquals(c, region.snapshot("c d+é:1"));
    for (String reference :
        List.of(
            "nope",
            "data@nope",
            "nope@a",
            "data@-4",
            "data@-0",
            "data@",
            "@a",
            "data@a@a",
            "",
            "snap-00000000",
            "vol-00000000@a")) {
      Errors.of(ErrorKind.NOT_FOUND, "", () -> region.snapshot(reference));
    }
  }

  @Test
  void sameNameInTwoVolumesIsAmbiguousAlone() throws IOException {
    region.createVolume(VolumeRequest.empty("other", Sizes.GIB));
    Snapshot mine = take("a");
    Snapshot theirs = region.createSnapshot("other", "a", null, Map.of());
    Errors.of(ErrorKind.CONFLICT, "data@a, other@a", () -> region.snapshot("a"));
    assertEquals(mine, region.snapshot("data@a"));
    assertEquals(theirs, region.snapshot("other@a"));
    region.deleteVolume("other");
    Errors.of(ErrorKind.CONFLICT, "data@a, " + theirs.id(), () -> region.snapshot("a"));
    assertEquals(theirs, region.snapshot("other@a"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a/b",
        "a@b",
        ".",
        "..",
        ".hidden",
        "-1",
        "-x",
        "last",
        "snap-0123abcd",
        "vol-0123abcd",
        "a\nb",
        " a",
        "a ",
        "\u0000"
      })
  void badNamesAreRefused(String name) {
    Errors.of(ErrorKind.USAGE, "snapshot name", () -> take(name));
    assertEquals(List.of(), region.snapshots(null));
  }

  @Test
  void takenNameIsAConflictUntilItIsFree() throws IOException {
    take("a");
    Errors.of(ErrorKind.CONFLICT, "'a' already", () -> take("a"));
    assertEquals(1, region.snapshots(null).size());
    region.deleteSnapshots(List.of("a"));
    take("a");
  }

  @Test
  void tooMuchTextIsRefused() {
    Errors.of(
        ErrorKind.USAGE,
        "description",
        () -> region.createSnapshot("data", null, "x".repeat(1025), Map.of()));
    Errors.of(
        ErrorKind.USAGE, "key", () -> region.createSnapshot("data", null, "", Map.of("", "v")));
    Errors.of(
        ErrorKind.USAGE,
        "value",
        () -> region.createSnapshot("data", null, "", Map.of("k", "v".repeat(256))));
  }

  @Test
  void asMuchTextAsAllowedIsKept() throws IOException {
    Map<String, String> tags = new HashMap<>();
    for (int i = 0; i < 50; i++) {
      tags.put("é".repeat(250) + i, "\u0001".repeat(255));
    }
    Snapshot taken = region.createSnapshot("data", "\"".repeat(128), "\u0001".repeat(1024), tags);
    assertEquals(taken, region.snapshot(taken.id()));
    assertEquals(tags, taken.tags());
    take("next");
  }

  @Test
  void deletionIsAllOrNothingWhenAReferenceIsWrong() throws IOException {
    take("a");
    take("b");
    Errors.of(ErrorKind.NOT_FOUND, "nope", () -> region.deleteSnapshots(List.of("a", "nope", "b")));
    assertEquals(2, region.snapshots(null).size());
    assertEquals(2, region.deleteSnapshots(List.of("b", "a", "data@b")).size());
    assertEquals(List.of(), region.snapshots(null));
  }

  @Test
  void readSnapshotStaysReadableUntilTheLastReaderLeaves() throws Exception {
    write("a", "one");
    Snapshot first = take("first");
    write("a", "two");
    FileSystem one = region.openSnapshot("first");
    FileSystem two = region.openSnapshot("first");
    assertEquals(SnapshotState.DELETING, region.deleteSnapshots(List.of("first")).get(0).state());
    assertEquals(SnapshotState.DELETING, region.snapshot("first").state());
    assertEquals(1, region.deleteSnapshots(List.of("first")).size());
    Errors.of(ErrorKind.CONFLICT, "deleting", () -> region.openSnapshot("first"));
    Errors.of(
        ErrorKind.CONFLICT,
        "deleting",
        () -> region.createVolume(VolumeRequest.from("v", "first")));
    // Its name is free from now on.
    Snapshot again = take("first");
    assertEquals(again, region.snapshot("first"));
    one.close();
    one.close();
    assertEquals(SnapshotState.DELETING, region.snapshot(first.id()).state());
    assertEquals("one", new Files(two).read("a"));
    two.close();
    awaitGone(first);
    assertEquals("two", read("first", "a"));
  }

  /** Deletion behind a reader is done in the background: waits for its end, however long. */
  private void awaitGone(Snapshot snapshot) throws InterruptedException {
    while (region.snapshots(null).stream().anyMatch(s -> s.id().equals(snapshot.id()))) {
      Thread.sleep(5);
    }
  }

  @Test
  void deletionInAnyOrderHarmsNoOther() throws Exception {
    Random random = Seeds.random("deletionInAnyOrderHarmsNoOther");
    Map<Snapshot, FileSystem> open = new HashMap<>();
    List<Snapshot> left = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      write("a", "content " + i);
      write("f" + i, "x".repeat(random.nextInt(3000)));
      left.add(take("s" + i));
    }
    Collections.shuffle(left, random);
    while (!left.isEmpty()) {
      Snapshot leaving = left.remove(left.size() - 1);
      if (random.nextBoolean()) {
        open.put(leaving, region.openSnapshot(leaving.id()));
      }
      region.deleteSnapshots(List.of(leaving.id()));
      if (random.nextInt(4) == 0 && open.containsKey(leaving)) {
        open.remove(leaving).close();
      }
      for (Snapshot other : left) {
        assertEquals("content " + other.name().substring(1), read(other.id(), "a"));
      }
      for (Map.Entry<Snapshot, FileSystem> reader : open.entrySet()) {
        assertEquals(
            "content " + reader.getKey().name().substring(1),
            new Files(reader.getValue()).read("a"));
      }
    }
    for (FileSystem files : open.values()) {
      files.close();
    }
  }

  @Test
  void requestedSnapshotsAreTakenInOrder() throws Exception {
    try (FileSystem live = region.openVolume("data", false)) {
      Files files = new Files(live);
      List<Snapshot> asked = new ArrayList<>();
      long inode = files.write("a", "00");
      for (int i = 0; i < 20; i++) {
        // In one write: a truncation apart from it could be what a snapshot sees.
        live.write(inode, 0, ByteBuffer.wrap(Bytes.utf8(String.format("%02d", i))));
        asked.add(region.requestSnapshot("data", "s" + i, null, Map.of()));
        assertEquals(SnapshotState.IN_QUEUE, asked.get(i).state());
      }
      take("end");
      int last = 0;
      for (Snapshot each : asked) {
        assertEquals(SnapshotState.COMPLETED, region.snapshot(each.id()).state());
        int seen = Integer.parseInt(read(each.id(), "a"));
        assertTrue(seen >= last, seen + " after " + last);
        assertTrue(seen >= Integer.parseInt(each.name().substring(1)));
        last = seen;
      }
    }
  }

  @Test
  void barrierRunsBeforeTheFreezeAndItsFailureIsTheSnapshots() throws IOException {
    try (SnapshotView view = region.openVolume("data", false)) {
      Files files = new Files(view);
      view.cachedBy(new FakeKernelCache(() -> files.write("late", "arrived")));
      take("with");
      assertEquals("arrived", read("with", "late"));
      view.cachedBy(
          new FakeKernelCache(
              () -> {
                throw new IOException("the kernel is gone");
              }));
      IOException failure = assertThrows(IOException.class, () -> take("without"));
      assertTrue(failure.getMessage().contains("the kernel is gone"), failure.getMessage());
      Snapshot failed = region.snapshot("without");
      assertEquals(SnapshotState.ERROR, failed.state());
      assertEquals("the kernel is gone", failed.failure());
      Errors.of(ErrorKind.CONFLICT, "error", () -> region.openSnapshot("without"));
    }
    // A failed one holds no name back, and can be deleted.
    Snapshot good = take("without");
    assertEquals(good, region.snapshot("without"));
    region.deleteSnapshots(
        region.snapshots("data").stream()
            .filter(s -> s.state() == SnapshotState.ERROR)
            .map(Snapshot::id)
            .toList());
    assertEquals(2, region.snapshots("data").size());
  }

  @Test
  void thousandSnapshotsOfOneVolume() throws IOException {
    try (FileSystem live = region.openVolume("data", false)) {
      Files files = new Files(live);
      for (int i = 0; i < 1000; i++) {
        files.write("a", "content " + i);
        files.makeDirectory(".snapshots/s" + i);
      }
      assertEquals(1000, files.names(".snapshots").size());
      for (int i = 0; i < 1000; i += 7) {
        assertEquals("content " + i, files.read(".snapshots/s" + i + "/a"));
      }
    }
    assertEquals(1000, region.snapshots("data").size());
    assertEquals("s999", region.snapshot("data@last").name());
    assertEquals("s0", region.snapshot("data@-1000").name());
    region.close();
    open();
    region.deleteSnapshots(
        region.snapshots("data").stream()
            .filter(s -> s.number() % 2 == 0)
            .map(Snapshot::id)
            .toList());
    assertEquals(500, region.snapshots("data").size());
    assertEquals("content 998", read("data@-1", "a"));
  }

  private void open() throws IOException {
    region = Region.open(directory.resolve("home"));
  }

  @Test
  void snapshotsAreFoundAfterReopening() throws IOException {
    write("a", "one");
    Snapshot taken = region.createSnapshot("data", "first", "text", Map.of("k", "v"));
    region.close();
    open();
    assertEquals(taken, region.snapshot("first"));
    assertEquals("one", read("first", "a"));
    assertTrue(take("second").number() > taken.number());
  }

  @Test
  void numbersAreNeverUsedAgain() throws IOException {
    long last = 0;
    for (int i = 0; i < 3; i++) {
      Snapshot taken = take("a");
      assertTrue(taken.number() > last);
      last = taken.number();
      region.deleteSnapshots(List.of("a"));
    }
  }
}
