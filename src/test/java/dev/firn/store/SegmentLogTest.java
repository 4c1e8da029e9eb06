package dev.firn.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.firn.Seeds;
import dev.firn.base.Bytes;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Appends that overlap commits where one segment ends and the next begins. */
class SegmentLogTest {
  private static final long VOLUME = 3;
  private static final long SEGMENT_BYTES = 4096;
  private static final int EXTENT_BYTES = 500;
  private static final int CRASHES = 50;

  private final SimulatedDisk disk = new SimulatedDisk(512);
  private final SegmentStore segments = disk.segments();
  private final Random random = Seeds.random("SegmentLogTest");
  private final List<Draft> extents = new ArrayList<>();
  private SegmentLog log;

  /** Takes part in what the log does with the disk. */
  private interface Hook {
    default void beforeWrite() throws Exception {}

    default void afterForce() throws Exception {}
  }

  private void open(Hook hook) throws IOException {
    SegmentStore hooked =
        (SegmentStore)
            Proxy.newProxyInstance(
                SegmentStore.class.getClassLoader(),
                new Class<?>[] {SegmentStore.class},
                (proxy, method, arguments) -> {
                  if (method.getName().equals("write")) {
                    hook.beforeWrite();
                  }
                  Object result = method.invoke(segments, arguments);
                  if (method.getName().equals("force")) {
                    hook.afterForce();
                  }
                  return result;
                });
    log = new SegmentLog(hooked, VOLUME, "p", SEGMENT_BYTES, LogPosition.start(VOLUME));
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
}
