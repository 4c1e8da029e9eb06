package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.store.FaultPlan;
import dev.firn.store.SegmentStore;
import dev.firn.store.SimulatedDisk;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Several threads at one volume, in the moment when a call of its disk is under way. */
class FailureIsToldTest {
  private static final int WAITERS = 4;

  private final SimulatedDisk disk = new SimulatedDisk(512);
  private final AtomicReference<Meanwhile> beforeForce = new AtomicReference<>();
  private final AtomicReference<Meanwhile> beforeWrite = new AtomicReference<>();
  private MapStore store;
  private VolumeMap map;

  /** What other threads do meanwhile. */
  private interface Meanwhile {
    void run() throws Exception;
  }

  @BeforeEach
  void open() throws IOException {
    SegmentStore segments = disk.segments();
    SegmentStore hooked =
        (SegmentStore)
            Proxy.newProxyInstance(
                SegmentStore.class.getClassLoader(),
                new Class<?>[] {SegmentStore.class},
                (proxy, method, arguments) -> {
                  switch (method.getName()) {
                    case "force" -> runOnce(beforeForce);
                    case "write" -> runOnce(beforeWrite);
                    default -> {}
                  }
                  try {
                    return method.invoke(segments, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
    store = new MapStore(disk.directory(), hooked, VolumeUnderTest.OPTIONS);
    map = store.create(1, VolumeMapTest.LZ4);
  }

  private static void runOnce(AtomicReference<Meanwhile> hook) throws Exception {
    Meanwhile meanwhile = hook.getAndSet(null);
    if (meanwhile != null) {
      meanwhile.run();
    }
  }

  @AfterEach
  void close() throws IOException {
    store.close();
  }

  private void put(int key) throws IOException {
    byte[] bytes = Found.content(key);
    PendingExtent pending = map.stage(bytes, bytes.length, null);
    ExtentRef extent = ExtentRef.of(pending, 0, bytes.length);
    map.write(
        head -> {
          head.put(Found.key(key), extent.encode(), pending);
          return null;
        });
  }

  /** Starts a thread and waits until it waits for another one, or has ended. */
  private static CompletableFuture<Void> startAndAwait(Meanwhile action)
      throws InterruptedException {
    CompletableFuture<Void> result = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                action.run();
                result.complete(null);
              } catch (Throwable e) {
                result.completeExceptionally(e);
              }
            });
    thread.start();
    while (thread.getState() != Thread.State.WAITING && !result.isDone()) {
      Thread.sleep(1);
    }
    return result;
  }

  @Test
  void allWhoWaitForACommitAreToldThatItsForceFailed() throws Exception {
    put(1);
    List<CompletableFuture<Void>> waiters = new ArrayList<>();
    beforeForce.set(
        () -> {
          for (int i = 0; i < WAITERS; i++) {
            waiters.add(startAndAwait(map::commit));
          }
        });
    disk.plan(FaultPlan.once(FaultPlan.Kind.FORCE_ERROR, 0, 0));
    assertThrows(IOException.class, map::commit);
    assertEquals(WAITERS, waiters.size());
    for (CompletableFuture<Void> waiter : waiters) {
      CompletionException told = assertThrows(CompletionException.class, waiter::join);
      assertTrue(told.getCause().getMessage().contains("read-only"), told::toString);
    }
  }

  @Test
  void whoWaitsForBytesThatAnotherThreadWritesIsTold() throws Exception {
    put(1);
    map.commit();
    put(2);
    List<CompletableFuture<Void>> waiters = new ArrayList<>();
    beforeWrite.set(() -> waiters.add(startAndAwait(map::commit)));
    disk.plan(FaultPlan.once(FaultPlan.Kind.WRITE_ERROR, 0, 500));
    assertThrows(IOException.class, map::relieve);
    assertEquals(1, waiters.size());
    assertThrows(CompletionException.class, waiters.get(0)::join);
    assertThrows(IOException.class, map::commit);
  }

  /** A checkpoint knows where nodes are before they are durable; a clone must not. */
  @Test
  void cloneOfARootThatIsJustBeingWrittenSurvivesAPowerCut() throws Exception {
    put(1);
    map.freezeAs(7, Found.metadata(7));
    map.commit();
    List<CompletableFuture<Void>> clones = new ArrayList<>();
    Meanwhile cloneIt =
        () -> {
          try (FrozenMap frozen = map.frozen(7)) {
            store.createFrom(2, VolumeMapTest.LZ4, frozen);
          }
        };
    List<SimulatedDisk> left = new ArrayList<>();
    Meanwhile whileNodesAreForced =
        () -> {
          clones.add(startAndAwait(cloneIt));
          if (clones.get(0).isDone()) {
            left.add(disk.powerCut(i -> false));
          }
        };
    // The first force is that of the checkpoint's commit.
    beforeForce.set(() -> beforeWrite.set(() -> beforeForce.set(whileNodesAreForced)));
    map.checkpoint();
    clones.get(0).join();
    left.add(disk.powerCut(i -> false));
    for (SimulatedDisk each : left) {
      try (MapStore next =
          new MapStore(each.directory(), each.segments(), VolumeUnderTest.OPTIONS)) {
        Found clone = Found.read(next.open(2));
        clone.requireWhole();
        assertEquals(1, clone.head().get(1));
      }
    }
  }

  /** Runs it while a checkpoint writes the map's nodes. */
  private void whileNodesAreWritten(Meanwhile meanwhile) {
    // The first force is that of the checkpoint's commit.
    beforeForce.set(() -> beforeWrite.set(meanwhile));
  }

  @Test
  void aMapThatIsDeletedDuringACheckpointDoesNotComeBack() throws Exception {
    put(1);
    List<CompletableFuture<Void>> deletions = new ArrayList<>();
    whileNodesAreWritten(() -> deletions.add(startAndAwait(() -> store.delete(1))));
    assertThrows(ClosedMapException.class, map::checkpoint);
    deletions.get(0).join();
    assertFalse(disk.contents().containsKey("volumes/00000001.super"), "its superblock is gone");
    assertNull(map.failure(), "that is no failure of the disk");
  }

  @Test
  void closingWaitsForACheckpoint() throws Exception {
    put(1);
    List<CompletableFuture<Void>> closings = new ArrayList<>();
    whileNodesAreWritten(
        () -> {
          closings.add(startAndAwait(map::close));
          assertFalse(closings.get(0).isDone(), "somebody else may open it now");
        });
    map.checkpoint();
    closings.get(0).join();
    Found found = Found.read(store.open(1));
    found.requireWhole();
    assertEquals(1, found.head().get(1));
  }

  @Test
  void closingDoesNotWaitForGoodForACheckpointThatFails() throws Exception {
    put(1);
    List<CompletableFuture<Void>> closings = new ArrayList<>();
    whileNodesAreWritten(
        () -> {
          disk.plan(FaultPlan.once(FaultPlan.Kind.WRITE_ERROR, 0, 500));
          closings.add(startAndAwait(map::close));
        });
    assertThrows(IOException.class, map::checkpoint);
    ExecutionException told =
        assertThrows(ExecutionException.class, () -> closings.get(0).get(1, TimeUnit.MINUTES));
    assertTrue(told.getMessage().contains("read-only"), told::toString);
    assertEquals(1, Found.read(store.open(1)).head().get(1), "it is open anew");
  }
}
