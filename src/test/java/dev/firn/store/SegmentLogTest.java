package dev.firn.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.base.Bytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Appends that overlap commits where one segment ends and the next begins. */
class SegmentLogTest {
  private static final long VOLUME = 3;
  private static final long SEGMENT_BYTES = 4096;
  private static final int EXTENT_BYTES = 500;
  private static final int CRASHES = 50;
  private static final int ROUNDS = 40;
  private static final int APPENDERS = 3;
  private static final int COMMITS = 40;
  private static final int EXTENTS_MAX = 1000;

  private final SimulatedDisk disk = new SimulatedDisk(512);
  private final SegmentStore segments = disk.segments();
  private final Random random = Seeds.random("SegmentLogTest");
  private final List<Draft> extents = new ArrayList<>();
  private SegmentLog log;

  /** Takes part in what the log does with the disk. */
  private interface Hook {
    default void beforeWrite() throws Exception {}

    default void beforeForce() throws Exception {}

    default void afterForce() throws Exception {}
  }

  private void open(Hook hook) throws IOException {
    open(hook, SEGMENT_BYTES);
  }

  private void open(Hook hook, long segmentBytes) throws IOException {
    SegmentStore hooked =
        (SegmentStore)
            Proxy.newProxyInstance(
                SegmentStore.class.getClassLoader(),
                new Class<?>[] {SegmentStore.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("write")) {
                    hook.beforeWrite();
                  }
                  if (method.getName().equals("force")) {
                    hook.beforeForce();
                  }
                  Object result;
                  try {
                    result = method.invoke(segments, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                  if (method.getName().equals("force")) {
                    hook.afterForce();
                  }
                  return result;
                });
    log = new SegmentLog(hooked, VOLUME, "p", segmentBytes, LogPosition.start(VOLUME));
  }

  private void appendExtent() throws IOException {
    byte[] bytes = new byte[EXTENT_BYTES];
    random.nextBytes(bytes);
    Draft extent = Draft.of(RecordType.EXTENT, Compression.NONE, bytes, bytes.length);
    extents.add(extent);
    log.append(List.of(extent));
  }

  private void appendUpToTheNextSegment() throws IOException {
    long segment = log.position().segment();
    while (log.position().segment() == segment) {
      appendExtent();
    }
  }

  private void commit(String delta) throws IOException {
    byte[] bytes = Bytes.utf8(delta);
    log.commit(List.of(Draft.of(RecordType.DELTA, Compression.NONE, bytes, bytes.length)));
  }

  /** Whatever a power failure leaves now must have all of it. */
  private void requireDurable(List<String> deltas) throws IOException {
    for (int i = 0; i < CRASHES; i++) {
      SegmentStore left = disk.powerCut(random).segments();
      RecordReader reader = new RecordReader(left, 1 << 20);
      List<String> found = new ArrayList<>();
      new LogScanner(left, reader, VOLUME)
          .scan(
              LogPosition.start(VOLUME),
              group -> group.forEach(delta -> found.add(Bytes.text(delta))));
      assertEquals(deltas, found);
      for (Draft extent : extents) {
        byte[] bytes = new byte[extent.storedLength()];
        extent.payload.duplicate().get(bytes);
        assertArrayEquals(bytes, reader.read(RecordType.EXTENT, extent.pointer()));
      }
    }
  }

  @Test
  void whatIsWrittenWhileItsSegmentIsForcedIsForcedByTheNextCommit() throws IOException {
    AtomicBoolean armed = new AtomicBoolean();
    open(
        new Hook() {
          @Override
          public void afterForce() throws IOException {
            if (armed.compareAndSet(true, false)) {
              appendUpToTheNextSegment();
            }
          }
        });
    appendExtent();
    armed.set(true);
    commit("first");
    commit("second");
    requireDurable(List.of("first", "second"));
  }

  @Test
  void whatIsWrittenLateToAnOlderSegmentIsForced() throws Exception {
    AtomicBoolean armed = new AtomicBoolean();
    CompletableFuture<Void> committed = new CompletableFuture<>();
    Thread committer =
        new Thread(
            () -> {
              try {
                commit("first");
                committed.complete(null);
              } catch (Throwable e) {
                committed.completeExceptionally(e);
              }
            });
    open(
        new Hook() {
          @Override
          public void beforeWrite() throws Exception {
            if (armed.compareAndSet(true, false)) {
              appendUpToTheNextSegment();
              committer.start();
              while (committer.getState() != Thread.State.WAITING && !committed.isDone()) {
                Thread.sleep(1);
              }
            }
          }
        });
    appendExtent();
    armed.set(true);
    appendExtent();
    committed.get();
    commit("second");
    requireDurable(List.of("first", "second"));
  }

  /** A long group goes out in several writes; the first may succeed before the disk is full. */
  @Test
  void aGroupThatMeetsAFullDiskInItsMiddleIsReplayedOnce() throws IOException {
    log = new SegmentLog(segments, VOLUME, "p", 64 << 20, LogPosition.start(VOLUME));
    List<String> texts = List.of("a".repeat(900_000), "b".repeat(900_000), "c".repeat(900_000));
    disk.plan(FaultPlan.once(FaultPlan.Kind.NO_SPACE, 4, 500));
    assertThrows(NoSpaceException.class, () -> log.commit(deltas(texts)));
    log.commit(deltas(texts));
    requireDurable(texts);
  }

  /**
   * What is left of such a group must not be taken for a part of the log when the next one is torn:
   * records behind it would seem to be of a later process.
   */
  @Test
  void aGroupBehindOneThatMetAFullDiskMayBeTorn() throws Exception {
    // Of several sectors.
    String second = "second".repeat(300);
    AtomicBoolean watched = new AtomicBoolean();
    AtomicInteger cuts = new AtomicInteger();
    open(
        new Hook() {
          @Override
          public void beforeForce() throws IOException {
            int unsynced = disk.unsynced().size();
            // Not where the older segment is forced, whose sectors are thousands.
            for (int i = 0; watched.get() && unsynced < 100 && i < unsynced * unsynced; i++) {
              int one = i / unsynced;
              int other = i % unsynced;
              List<String> found = deltasIn(disk.powerCut(j -> j != one && j != other));
              assertEquals("first", found.remove(0));
              assertTrue(found.isEmpty() || found.equals(List.of(second)), found::toString);
              cuts.incrementAndGet();
            }
          }
        },
        64 << 20);
    commit("first");
    appendExtent();
    log.sync();
    // Five fit into the first write.
    List<String> texts = Collections.nCopies(6, "a".repeat(200_000));
    disk.plan(FaultPlan.once(FaultPlan.Kind.NO_SPACE, 2, 500));
    assertThrows(NoSpaceException.class, () -> log.commit(deltas(texts)));
    watched.set(true);
    commit(second);
    assertTrue(cuts.get() > 3, cuts + " parts of the new segment");
  }

  private static List<String> deltasIn(SimulatedDisk disk) throws IOException {
    List<String> found = new ArrayList<>();
    SegmentStore segments = disk.segments();
    new LogScanner(segments, new RecordReader(segments, 1 << 20), VOLUME)
        .scan(
            LogPosition.start(VOLUME),
            group -> group.forEach(delta -> found.add(Bytes.text(delta))));
    return found;
  }

  private static List<Draft> deltas(List<String> texts) {
    return texts.stream()
        .map(Bytes::utf8)
        .map(bytes -> Draft.of(RecordType.DELTA, Compression.NONE, bytes, bytes.length))
        .toList();
  }

  /**
   * What could not be written is not durable, though its place was given out before a force that
   * succeeded: a COMMIT that said so would make a torn group of the next one corruption.
   */
  @Test
  void aCommitDoesNotVouchForWhatDidNotFit() throws Exception {
    AtomicInteger commits = new AtomicInteger();
    List<SimulatedDisk> torn = new ArrayList<>();
    open(
        new Hook() {
          @Override
          public void beforeWrite() {
            if (commits.compareAndSet(1, 2)) {
              disk.plan(FaultPlan.once(FaultPlan.Kind.NO_SPACE, 0, 500));
              CompletableFuture<Void> full =
                  CompletableFuture.runAsync(
                      () ->
                          assertThrows(
                              NoSpaceException.class,
                              () -> log.append(deltas(List.of("does not fit")))));
              full.join();
            }
          }

          @Override
          public void beforeForce() {
            if (commits.get() == 3) {
              for (int i = 0; i < CRASHES; i++) {
                torn.add(disk.powerCut(random));
              }
            }
          }
        });
    appendExtent();
    commits.set(1);
    commit("first");
    assertEquals(2, commits.getAndIncrement());
    // Of several sectors.
    String second = "second".repeat(300);
    commit(second);
    assertTrue(torn.size() >= CRASHES);
    for (SimulatedDisk left : torn) {
      List<String> found = deltasIn(left);
      assertTrue(found.equals(List.of("first")) || found.equals(List.of("first", second)));
    }
    requireDurable(List.of("first", second));
  }

  @Test
  void afterAFailedForceNothingIsWrittenAnyMore() throws IOException {
    log = new SegmentLog(segments, VOLUME, "p", SEGMENT_BYTES, LogPosition.start(VOLUME));
    appendExtent();
    disk.plan(FaultPlan.once(FaultPlan.Kind.FORCE_ERROR, 0, 0));
    assertThrows(IOException.class, () -> commit("first"));
    long changes = disk.changes();
    assertThrows(StoreFailedException.class, this::appendExtent);
    assertThrows(StoreFailedException.class, () -> commit("second"));
    assertThrows(StoreFailedException.class, log::sync);
    assertEquals(changes, disk.changes());
    assertEquals("Input/output error", log.failure().getMessage());
  }

  /**
   * Several append while one commits, on a disk that is full now and then. A commit that returned
   * is found after a crash, whole and once; one that failed is not found in front of a later one.
   */
  @Test
  void commitsBesideAppendsThatMeetAFullDisk() throws Exception {
    int failed = 0;
    for (int round = 0; round < ROUNDS; round++) {
      SimulatedDisk sometimesFull = new SimulatedDisk(512);
      sometimesFull.plan(
          FaultPlan.sometimes(
              FaultPlan.Kind.NO_SPACE, 3 + random.nextInt(20), new Random(random.nextLong())));
      LogPosition start = LogPosition.start(VOLUME);
      SegmentLog shared =
          new SegmentLog(sometimesFull.segments(), VOLUME, "p", SEGMENT_BYTES, start);
      List<Draft> written = Collections.synchronizedList(new ArrayList<>());
      List<CompletableFuture<Void>> appenders = new ArrayList<>();
      AtomicBoolean done = new AtomicBoolean();
      for (int i = 0; i < APPENDERS; i++) {
        long seed = random.nextLong();
        appenders.add(
            CompletableFuture.runAsync(() -> appendUntil(done, shared, new Random(seed), written)));
      }
      List<String> committed = new ArrayList<>();
      List<Draft> covered = new ArrayList<>();
      List<String> attempted = new ArrayList<>();
      for (int i = 0; i < COMMITS; i++) {
        List<Draft> before = List.copyOf(written);
        String group = round + "/" + i;
        byte[] bytes = Bytes.utf8(group);
        try {
          shared.commit(List.of(Draft.of(RecordType.DELTA, Compression.NONE, bytes, bytes.length)));
          committed.add(group);
          covered = before;
          attempted.clear();
        } catch (NoSpaceException e) {
          failed++;
          attempted.add(group);
        }
      }
      done.set(true);
      for (CompletableFuture<Void> appender : appenders) {
        appender.get();
      }
      requireFound(sometimesFull, committed, attempted, covered);
    }
    assertTrue(failed > ROUNDS, "only " + failed + " commits failed");
  }

  private static void appendUntil(
      AtomicBoolean done, SegmentLog log, Random random, List<Draft> written) {
    try {
      while (!done.get() && written.size() < EXTENTS_MAX) {
        byte[] bytes = new byte[EXTENT_BYTES];
        random.nextBytes(bytes);
        Draft extent = Draft.of(RecordType.EXTENT, Compression.NONE, bytes, bytes.length);
        try {
          log.append(List.of(extent));
          written.add(extent);
        } catch (NoSpaceException e) {
          // As often as the disk says so.
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * @param attempted the commits that failed behind the last one that returned: one of them may be
   *     found as well, but no two, since a caller tries the same changes again
   */
  private void requireFound(
      SimulatedDisk full, List<String> committed, List<String> attempted, List<Draft> covered)
      throws IOException {
    for (int i = 0; i < CRASHES; i++) {
      SegmentStore left = full.powerCut(random).segments();
      RecordReader reader = new RecordReader(left, 1 << 20);
      List<String> found = new ArrayList<>();
      new LogScanner(left, reader, VOLUME)
          .scan(
              LogPosition.start(VOLUME),
              group -> group.forEach(delta -> found.add(Bytes.text(delta))));
      if (found.size() > committed.size()) {
        assertTrue(attempted.contains(found.remove(found.size() - 1)));
      }
      assertEquals(committed, found);
      for (Draft extent : covered) {
        byte[] bytes = new byte[extent.storedLength()];
        extent.payload.duplicate().get(bytes);
        assertArrayEquals(bytes, reader.read(RecordType.EXTENT, extent.pointer()));
      }
    }
  }
}
